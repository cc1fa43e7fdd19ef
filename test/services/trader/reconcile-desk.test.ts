/** A book and the desk of its orders through a restart: over a real journal, at a venue that continues without it. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OutcomeFile, readOutcomes } from "../../../src/adapters/event-log/outcome-file.ts";
import { EventLog, EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import { Replay } from "../../../src/domain/trading/replay/replay.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { EventSequencer } from "../../../src/services/trader/event-sequencer.ts";
import { reconcileDesk } from "../../../src/services/trader/reconcile-desk.ts";
import { type OpenDesk, restoreBook } from "../../../src/services/trader/restore.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { scanNumbered } from "../../helpers/trading/scripted.ts";
import { createVenue } from "../../helpers/trading/venue-desk.ts";

const PROGRAM = { configurationHash: "", codeHash: "" };
const DAY = "2026-03-26";
const START_MS = Date.parse(`${DAY}T12:00:00Z`);
const PAPER = bookConfiguration("BLUE", Configuration.parse({}).trader);
const APPROVAL = { running: "a", approved: "a" };
const CONFIGURATION = { ...PAPER, trader: { ...PAPER.trader, approval: APPROVAL } };
const PLAN = { takeProfit: 1, stopLoss: 1, holdScansMax: 100, bucket: "" };
const ENTER = {
  kind: "operator",
  commandId: "enter",
  by: "test",
  command: { kind: "enter", asset: "AAA", direction: "long", share: 0.1, plan: PLAN },
} as const;
let dir = "";
let count = 0;
beforeAll(() => {
  dir = makeTemporaryDirectory("reconcile-desk");
});
afterAll(() => removeTemporaryDirectory(dir));

/** Lives of one book, each from what the one before left in the journal. */
function stage(openDesk: OpenDesk) {
  count += 1;
  const place = { root: join(dir, String(count)), book: "BLUE" };
  let nowMs = START_MS;
  const lines: string[] = [];
  const read = (): readonly TraderEvent[] => {
    const reader = new EventLogReader(place, null);
    const found = [...reader.poll()];
    reader.close();
    return found;
  };
  const live = async () => {
    const log = new EventLog(place, { epoch: 1, carriedCount: 0 });
    const outcomes = new OutcomeFile(log.journal.folder, PROGRAM, { carriedCount: 0 });
    const restored = restoreBook({
      configuration: CONFIGURATION,
      configurationOf: () => null,
      saved: null,
      openDesk,
      log,
      outcomes,
      read: (from) => new EventLogReader(place, from),
      onCommands() {},
    });
    const { trader, desk, openStep, completed } = restored;
    const sequencer = new EventSequencer({
      log,
      outcomes,
      trader,
      desk,
      openStep,
      nowMs: () => (nowMs += 10),
      onCommands() {},
      onStep() {},
    });
    desk.onReports(() => sequencer.takeReports());
    sequencer.take({ kind: "started", ...PROGRAM, snapshotHash: "" });
    await reconcileDesk({ sequencer, desk, say: (_, line) => lines.push(line) });
    const scan = () => {
      nowMs += 1_000;
      sequencer.take({ kind: "posture", posture: "APEX", asOfMs: nowMs, source: "test" });
      sequencer.take(scanNumbered(trader.data.scans.lastSeq + 1, nowMs));
    };
    const enter = () => {
      sequencer.take(ENTER);
    };
    /** As a kill does, but for what the system wrote already. */
    const kill = () => {
      log.close();
      outcomes.close();
    };
    return { log, sequencer, trader, scan, enter, kill, completed };
  };
  /** What was noted of each step is what a fold of the whole log comes to. */
  const isReplayedAlike = () => {
    const digests = readOutcomes(join(place.root, "BLUE"), DAY)!;
    const replay = new Replay(createTrader(CONFIGURATION.trader), CONFIGURATION.paper, {
      lastTradeIndex: 0,
      digestOf: (index) => digests.get(index),
      tradeOf: () => undefined,
      snapshotOf: () => undefined,
    });
    for (const event of read()) replay.take(event);
    const { firstDifference, compared } = replay.end();
    expect([firstDifference, compared.digests > 0]).toEqual([null, true]);
  };
  return { live, read, lines, isReplayedAlike };
}

const kinds = (events: readonly TraderEvent[]) =>
  events.map(({ kind }) => kind).filter((kind) => kind.startsWith("order_"));

test("what happened at a venue while the book was away is stepped once, at the next start", async () => {
  const venue = createVenue();
  const { live, read, isReplayedAlike } = stage(() => venue.connect());
  const first = await live();
  first.scan();
  first.enter();
  first.kill();
  venue.disconnect();
  venue.fillAll(0.5);
  venue.fillAll();
  const second = await live();
  expect(kinds(read())).toEqual(["order_accepted", "order_partly_filled", "order_filled"]);
  expect(second.trader.data).toMatchObject({ working: [], positions: [{ asset: "AAA" }] });
  second.scan();
  second.sequencer.end();
  second.kill();
  const third = await live();
  expect(kinds(read())).toHaveLength(3);
  third.kill();
  isReplayedAlike();
});

test("an order that never reached the venue is placed again under its id, and fills once", async () => {
  const venue = createVenue();
  const { live, read, lines, isReplayedAlike } = stage(() => venue.connect());
  const first = await live();
  first.scan();
  venue.isUnreachable = true;
  first.enter();
  const [order] = first.trader.data.working;
  first.kill();
  venue.isUnreachable = false;
  const second = await live();
  expect([...venue.orders.keys()]).toEqual([order!.order.clientOrderId]);
  expect(lines).toEqual([
    `order ${order!.order.clientOrderId} never reached the desk: it is placed again`,
  ]);
  // By itself, between two events of the market.
  venue.fillAll();
  expect(kinds(read())).toEqual(["order_accepted", "order_filled"]);
  second.scan();
  second.sequencer.end();
  second.kill();
  isReplayedAlike();
});

test("what neither the log nor the venue explains halts the book, and says so", async () => {
  const venue = createVenue();
  const { live, lines } = stage(() => venue.connect());
  const first = await live();
  first.scan();
  first.enter();
  const [order] = first.trader.data.working;
  first.kill();
  venue.orders.clear();
  const { trader, kill } = await live();
  expect(trader.data.risk.isHalted).toBe(true);
  expect(lines.at(-1)).toContain(`differ in ${order!.order.clientOrderId}: compare them`);
  kill();
});

test("a paper desk is asked again for the answer that a kill swallowed, also in a log that its version folds differently", async () => {
  const { live, read, isReplayedAlike } = stage(({ paper }, working) =>
    createPaperDesk(paper, working),
  );
  const first = await live();
  first.scan();
  const { data, nextIndex } = first.trader;
  const place = (after: number) => ({ index: nextIndex + after, nowMs: data.nowMs });
  first.log.append({ ...ENTER, ...place(0) });
  // What no paper desk of this version says.
  const refused = { clientOrderId: `BLUE-e${nextIndex}-1`, reason: "as it was" };
  first.log.append({ kind: "order_rejected", ...refused, ...place(1) });
  const command = { ...ENTER.command, asset: "BBB" };
  first.log.append({ ...ENTER, commandId: "other", command, ...place(2) });
  first.kill();
  const second = await live();
  expect(second.completed).toBe(1);
  expect(kinds(read())).toEqual(["order_rejected", "order_accepted"]);
  for (let left = 0; left < 2; left += 1) second.scan();
  expect(second.trader.data).toMatchObject({ working: [], positions: [{ asset: "BBB" }] });
  second.kill();
  isReplayedAlike();
});
