/** The sequencer of a book over a real journal: days, a journal that refuses, and the result of a fold. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OutcomeFile, readOutcomes } from "../../../src/adapters/event-log/outcome-file.ts";
import { EventLog, EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { SegmentLogError } from "../../../src/adapters/event-log/segments/segment-log-error.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";
import {
  EventSequencer,
  SequencerBrokenError,
} from "../../../src/services/trader/event-sequencer.ts";
import { restoreBook } from "../../../src/services/trader/restore.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { createVenue } from "../../helpers/trading/venue-desk.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const PROGRAM = { configurationHash: "", codeHash: "" };
const MIDNIGHT_MS = Date.parse("2026-03-26T00:00:00Z");
let dir = "";
let count = 0;
beforeAll(() => {
  dir = makeTemporaryDirectory("event-sequencer");
});
afterAll(() => removeTemporaryDirectory(dir));

type OpenOptions = {
  readonly logOf?: LogOf;
  readonly isDerived?: boolean;
  readonly approval?: { readonly running: string; readonly approved: string } | null;
};
const APPROVED = { running: "a", approved: "a" };
type LogOf = (log: EventLog) => Pick<EventLog, "append" | "appendBooks">;

function openSequencer({
  logOf = (log) => log,
  isDerived = true,
  approval = isDerived ? null : APPROVED,
}: OpenOptions = {}) {
  count += 1;
  const place = { root: join(dir, String(count)), book: "BLUE" };
  const configuration = bookConfiguration("BLUE", Configuration.parse({}).trader);
  const log = new EventLog(place, { epoch: 1, carriedCount: 0 });
  const approved = approval === null ? {} : { approval };
  const trader = createTrader({ ...configuration.trader, ...approved });
  const clock = { nowMs: MIDNIGHT_MS - 1_500 };
  const outcomes = new OutcomeFile(log.journal.folder, PROGRAM, { carriedCount: 0 });
  const sequencer = new EventSequencer({
    log: logOf(log),
    outcomes,
    trader,
    desk: isDerived ? createPaperDesk(configuration.paper) : createVenue().connect(),
    openStep: null,
    nowMs: () => clock.nowMs,
    onCommands() {},
    onStep() {},
  });
  const events = (): readonly TraderEvent[] => {
    const reader = new EventLogReader(place, null);
    const found = [...reader.poll()];
    reader.close();
    return found;
  };
  return { sequencer, clock, log, outcomes, trader, place, configuration, events };
}

test("a desk that is not the paper one is never used without an approved configuration", () => {
  expect(() => openSequencer({ isDerived: false, approval: null })).toThrow(/approved hash/);
  expect(() => openSequencer({ isDerived: false })).not.toThrow();
});

const scanOf = (assets: readonly string[]) => {
  const none = new Float64Array(0);
  return {
    kind: "scan",
    seq: 1,
    scanNumber: 1,
    asOfMs: 1,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets,
    prices: Float64Array.of(1, 2),
    pricesAt: 0,
    eigenvalues: none,
    eigenvaluesAt: 0,
    eigenvalueCount: 0,
    carried: none,
    carriedAt: 0,
  } as const;
};

function bookOf(asset: string, place: number) {
  const levels = [100 + place, 1 / 3, 100 - place, NaN];
  return { kind: "book", asset, asOfMs: place, bids: levels, asks: levels, knownMs: 7.5 } as const;
}

describe("the sequencer of a book", () => {
  test("announces a day's turn before the day's first event, also after days of silence", () => {
    const { sequencer, clock, log, trader, events } = openSequencer();
    for (const laterMs of [0, 1_000, 1_000, 1_000, 3 * 86_400_000, -10_000, 20_000]) {
      clock.nowMs += laterMs;
      expect(sequencer.take({ kind: "tick" })).toBe(true);
    }
    log.close();
    const kinds = events().map((event) => (event.kind === "day_rolled" ? event.day : event.kind));
    const tick = "tick";
    expect(kinds).toEqual([tick, tick, "2026-03-26", tick, tick, "2026-03-29", tick, tick, tick]);
    expect(trader.data.day.day).toBe("2026-03-29");
  });

  test("does not step what the journal refuses, says why, and goes on when it takes events again", () => {
    let isFull = false;
    const unlessFull = () => {
      if (isFull) throw new SegmentLogError("TRADING_JOURNAL_UNAVAILABLE", "no space left");
    };
    const { sequencer, log, trader, events } = openSequencer({
      logOf: (to) => ({
        append: (event) => (unlessFull(), to.append(event)),
        appendBooks: (books) => (unlessFull(), to.appendBooks(books)),
      }),
    });
    sequencer.take({ kind: "tick" });
    isFull = true;
    expect(sequencer.take({ kind: "tick" })).toBe(false);
    expect(sequencer.takeBooks([bookOf("A", 1), bookOf("B", 2)])).toBe(0);
    expect(sequencer.journalTrouble).toBe("no space left");
    expect(trader.nextIndex).toBe(2);
    isFull = false;
    expect(sequencer.take({ kind: "tick" })).toBe(true);
    expect(sequencer.journalTrouble).toBeNull();
    log.close();
    expect(events().map(({ index }) => index)).toEqual([1, 2]);
  });

  test("takes nothing more after a step that failed: the process must end", () => {
    const { sequencer, log } = openSequencer();
    sequencer.take({ kind: "tick" });
    const scan = scanOf(["A", "A"]);
    expect(() => sequencer.take(scan)).toThrow("the assets of a scan are unique");
    expect(() => sequencer.take({ kind: "tick" })).toThrow(SequencerBrokenError);
    log.close();
  });

  test("has the same log, outcomes and state whether books are taken together or one by one", () => {
    const books = ["A", "B", "C"].map(bookOf);
    const [together, oneByOne, atVenue] = [true, true, false].map((isDerived, at) => {
      const opened = openSequencer({ isDerived });
      const { sequencer, log, outcomes, trader, place, clock } = opened;
      sequencer.take({ kind: "tick" });
      clock.nowMs = MIDNIGHT_MS;
      if (at === 1) for (const book of books) sequencer.take(book);
      else sequencer.takeBooks(books);
      sequencer.take(scanOf(["A", "B"]));
      sequencer.takeBooks(books.slice(1));
      sequencer.end();
      outcomes.close();
      log.close();
      return {
        events: opened.events(),
        digests: readOutcomes(join(place.root, "BLUE"), "2026-03-26"),
        data: trader.data,
      };
    });
    expect(together!.events.map(({ kind }) => kind).slice(1, 6)).toEqual([
      "day_rolled",
      "book",
      "book",
      "book",
      "scan",
    ]);
    expect(together!.digests?.size).toBe(7);
    expect(together).toEqual(oneByOne);
    expect(atVenue).toEqual(oneByOne);
  });

  test("is the same after a fold of its journal", () => {
    const { sequencer, log, trader, place, configuration } = openSequencer();
    sequencer.take({ kind: "posture", posture: "APEX", asOfMs: MIDNIGHT_MS, source: "test" });
    sequencer.take({ kind: "operator", commandId: "1", by: "test", command: { kind: "halt" } });
    log.close();
    const again = new EventLog(place, { epoch: 1, carriedCount: 0 });
    const restored = restoreBook({
      configuration,
      configurationOf: () => null,
      saved: null,
      openDesk: ({ paper }, working) => createPaperDesk(paper, working),
      log: again,
      outcomes: new OutcomeFile(again.journal.folder, PROGRAM, { carriedCount: 0 }),
      read: (from) => new EventLogReader(place, from),
      onCommands() {},
    });
    again.close();
    expect(restored).toMatchObject({ folded: 2, completed: 0, difference: null });
    expect(restored.trader.data).toEqual(trader.data);
  });
});
