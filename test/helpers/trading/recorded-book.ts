/** A book with recorded past days: recorded by the trader's own parts, with the test's clock. */
import { join } from "node:path";
import { codeHash } from "../../../src/adapters/code/code-hash.ts";
import { SegmentLogReader } from "../../../src/adapters/event-log/segment-log-reader.ts";
import { OutcomeFile } from "../../../src/adapters/event-log/outcome-file.ts";
import { snapshotOfBlue } from "../../../src/adapters/event-log/books/books-store.ts";
import {
  recordConfiguration,
  recordedConfigurations,
} from "../../../src/adapters/event-log/books/recorded-configurations.ts";
import { latestSnapshot, saveSnapshot } from "../../../src/adapters/event-log/snapshots.ts";
import { TradeFile } from "../../../src/adapters/event-log/trade-file.ts";
import { SegmentLog } from "../../../src/adapters/event-log/segment-log.ts";
import { EventLog, EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import { snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { builtInStrategy } from "../../../src/domain/trading/strategies/built-in.ts";
import {
  EventSequencer,
  type BookedCommands,
} from "../../../src/services/trader/event-sequencer.ts";
import { restoreBook } from "../../../src/services/trader/restore.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";
import {
  decodeTraderSnapshot,
  encodeTraderSnapshot,
} from "../../../src/wire/trading/trader-snapshot.ts";
import {
  TradingRecordDecoder,
  TradingRecordEncoder,
} from "../../../src/wire/event-log/trading-record.ts";
import { LIVELY_BOOK } from "../lively.ts";

const ASSETS = ["AAA", "BBB", "CCC", "DDD"];
const FLAWLESS = { offMs: 0, assets: ASSETS.length };
export function placeIn(dir: string) {
  return { root: join(dir, "journal/trading"), book: "BLUE" };
}

export function configurationOf(settings: object = LIVELY_BOOK) {
  const { trader } = Configuration.parse({ trader: settings });
  return bookConfiguration("BLUE", trader);
}

export function programOf(settings: object = LIVELY_BOOK) {
  const { trader: configuration, paper, hash } = configurationOf(settings);
  return { trader: configuration, paper, configurationHash: hash, codeHash: codeHash(undefined) };
}

export type Recording = {
  readonly startMs: number;
  readonly scans: number;
  readonly scanEveryMs: number;
  /** A snapshot after each of so many scans; 0: none. */
  readonly snapshotEvery: number;
  readonly codeHash?: string;
  /** What the book runs; `LIVELY_BOOK` where nothing is said. */
  readonly settings?: object;
  /** Of the scan with this count: how far its time is off, and how many of the assets it has. */
  readonly fault?: (count: number) => { readonly offMs: number; readonly assets: number };
  /**
   * Whether its positions are closed at the end; and whether its state is saved there, as by a trader that is stopped.
   */
  readonly end?: "flattened" | "stopped" | "flattened_and_killed";
};

/** Records scans into a journal below `dir`, after the existing ones; returns the number of resulting trades. */
export function recordBook(dir: string, recording: Recording): number {
  const place = placeIn(dir);
  const settings = Configuration.parse({ trader: recording.settings ?? LIVELY_BOOK }).trader;
  const configuration = configurationOf(settings);
  const { hash: configurationHash } = configuration;
  const program = { configurationHash, codeHash: recording.codeHash ?? codeHash(undefined) };
  const log = new EventLog(place, { epoch: 1, carriedCount: 0 });
  const { folder } = log.journal;
  const outcomes = new OutcomeFile(folder, program, { carriedCount: 0 });
  const tradeFile = new TradeFile(folder);
  let nowMs = recording.startMs;
  let trades = 0;
  const onCommands = ({ index, commands }: BookedCommands): void => {
    for (const command of commands) {
      if (command.kind !== "book_trade") continue;
      trades += 1;
      tradeFile.add({ index, trade: command.trade });
    }
  };
  const lastIndex = (log.journal.nextIndex ?? 0) - 1;
  const { snapshot } = snapshotOfBlue(dir, latestSnapshot(folder, lastIndex), lastIndex);
  const { trader, desk, openStep, change } = restoreBook({
    configuration,
    configurationOf: recordedConfigurations(folder, builtInStrategy, configuration),
    saved: snapshot === null ? null : decodeTraderSnapshot(snapshot.bytes),
    openDesk: ({ paper }, working) => createPaperDesk(paper, working),
    log,
    outcomes,
    read: (from) => new EventLogReader(place, from),
    onCommands,
  });
  recordConfiguration(folder, configurationHash, settings);
  const save = () => {
    const bytes = encodeTraderSnapshot(snapshotOf(trader), configurationHash);
    saveSnapshot(log.journal, trader.nextIndex - 1, bytes);
  };
  if (change !== null) save();
  const sequencer = new EventSequencer({
    log,
    outcomes,
    trader,
    desk,
    openStep,
    nowMs: () => nowMs,
    onCommands,
    onStep() {},
  });
  sequencer.take({ kind: "started", ...program, snapshotHash: "" });
  const random = seededRandom(7);
  const prices = new Float64Array(ASSETS.map((_, at) => 100 * (at + 1)));
  const scan = () => {
    nowMs += recording.scanEveryMs;
    sequencer.take({ kind: "posture", posture: "APEX", asOfMs: nowMs, source: "test" });
    for (const at of prices.keys()) prices[at]! *= 1 + (random.uniform() - 0.5) / 100;
    const seq = trader.data.scans.lastSeq + 1;
    const { offMs, assets } = recording.fault?.(seq) ?? FLAWLESS;
    sequencer.take({
      kind: "scan",
      seq,
      scanNumber: seq,
      asOfMs: nowMs - 100 - offMs,
      isReplayed: false,
      isLate: false,
      isRepaired: false,
      assets: assets === ASSETS.length ? ASSETS : ASSETS.slice(0, assets),
      prices: prices.slice(0, assets),
      pricesAt: 0,
      eigenvalues: Float64Array.of(random.uniform() * 3, 1),
      eigenvaluesAt: 0,
      eigenvalueCount: 2,
      carried: new Float64Array(0),
      carriedAt: 0,
    });
  };
  for (let count = 1; count <= recording.scans; count += 1) {
    scan();
    if (0 < recording.snapshotEvery && count % recording.snapshotEvery === 0) save();
  }
  if (recording.end?.startsWith("flattened") === true) {
    for (const kind of ["flatten", "resume"] as const) {
      sequencer.take({
        kind: "operator",
        commandId: `${kind}-${nowMs}`,
        by: "test",
        command: { kind },
      });
      // Orders fill at the scan that follows.
      if (kind === "flatten") for (let left = 0; left < 10; left += 1) scan();
    }
  }
  if (recording.end === "flattened" || recording.end === "stopped") save();
  outcomes.close();
  tradeFile.close();
  log.close();
  return trades;
}

/** Rewrites a journal with some of its events changed, with correct checksums. */
export function reencode(
  from: ReturnType<typeof placeIn>,
  to: ReturnType<typeof placeIn>,
  change: (event: TraderEvent) => TraderEvent,
): void {
  const reader = new SegmentLogReader(from, null);
  const decoder = new TradingRecordDecoder();
  const encoder = new TradingRecordEncoder(0);
  const journal = new SegmentLog(to, 1);
  for (const { kind, index, payload, day } of reader.poll()) {
    if (journal.day < day) {
      journal.rollTo(day);
      encoder.forgetTables();
    }
    if (kind === "definition") {
      const definition = Buffer.from(payload);
      decoder.define(definition);
      encoder.learn(definition);
      journal.define(index, definition);
    } else {
      journal.append(index, encoder.encode(change(decoder.decode(payload, index))));
    }
  }
  reader.close();
  journal.close();
}
