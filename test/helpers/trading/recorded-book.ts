/** A book of days gone by: recorded by the trader's own parts, with a clock of the test's. */
import { join } from "node:path";
import { codeHash } from "../../../src/adapters/code-hash.ts";
import { JournalReader } from "../../../src/adapters/trading-journal/journal-reader.ts";
import { OutcomeFile } from "../../../src/adapters/trading-journal/replay/outcome-file.ts";
import { saveSnapshot } from "../../../src/adapters/trading-journal/snapshots.ts";
import { TradeFile } from "../../../src/adapters/trading-journal/trade-file.ts";
import { TradingJournal } from "../../../src/adapters/trading-journal/trading-journal.ts";
import { TradingLog } from "../../../src/adapters/trading-journal/trading-log.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { createPaperBroker } from "../../../src/domain/trading/broker/paper-broker.ts";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import { snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { Book, type BookedCommands } from "../../../src/services/trader/book.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";
import { encodeTraderSnapshot } from "../../../src/wire/trading/trader-snapshot.ts";
import {
  TradingRecordDecoder,
  TradingRecordEncoder,
} from "../../../src/wire/trading/trading-record.ts";
import { LIVELY_BOOK } from "../lively.ts";

const ASSETS = ["AAA", "BBB", "CCC", "DDD"];
export function placeIn(dir: string) {
  return { root: join(dir, "journal/trading"), book: "BLUE" };
}

export function programOf(settings: object = LIVELY_BOOK) {
  const { trader } = Configuration.parse({ trader: settings });
  const { trader: configuration, paper, hash } = bookConfiguration("BLUE", trader);
  return { trader: configuration, paper, configurationHash: hash, codeHash: codeHash(undefined) };
}

export type Recording = {
  readonly startMs: number;
  readonly scans: number;
  readonly scanEveryMs: number;
  /** A snapshot after each of so many scans; 0: none. */
  readonly snapshotEvery: number;
  readonly codeHash?: string;
};

/** Records scans into a journal below `dir`; returns how many trades came of them. */
export function recordBook(dir: string, recording: Recording): number {
  const place = placeIn(dir);
  const { trader: configuration, paper, configurationHash, codeHash: ownHash } = programOf();
  const program = { configurationHash, codeHash: recording.codeHash ?? ownHash };
  const log = new TradingLog(place, { epoch: 1, carriedCount: 0 });
  const outcomes = new OutcomeFile(log.journal.folder, program, 0);
  const tradeFile = new TradeFile(log.journal.folder);
  const trader = createTrader(configuration);
  const broker = createPaperBroker(paper);
  let nowMs = recording.startMs;
  let trades = 0;
  const onCommands = ({ index, commands }: BookedCommands): void => {
    for (const command of commands) {
      if (command.kind !== "book_trade") continue;
      trades += 1;
      tradeFile.add({ index, trade: command.trade });
    }
  };
  const book = new Book({
    log,
    outcomes,
    trader,
    broker,
    nowMs: () => nowMs,
    onCommands,
    onStep() {},
  });
  book.take({ kind: "started", ...program, snapshotHash: "" });
  const random = seededRandom(7);
  const prices = new Float64Array(ASSETS.map((_, at) => 100 * (at + 1)));
  for (let seq = 1; seq <= recording.scans; seq += 1) {
    nowMs += recording.scanEveryMs;
    book.take({ kind: "posture", posture: "APEX", asOfMs: nowMs, source: "test" });
    for (const at of prices.keys()) prices[at]! *= 1 + (random.uniform() - 0.5) / 100;
    book.take({
      kind: "scan",
      seq,
      scanNumber: seq,
      asOfMs: nowMs - 100,
      isReplayed: false,
      isLate: false,
      isRepaired: false,
      assets: ASSETS,
      prices,
      pricesAt: 0,
      eigenvalues: Float64Array.of(random.uniform() * 3, 1),
      eigenvaluesAt: 0,
      eigenvalueCount: 2,
      carried: new Float64Array(0),
      carriedAt: 0,
    });
    if (0 < recording.snapshotEvery && seq % recording.snapshotEvery === 0) {
      saveSnapshot(log.journal, trader.nextIndex - 1, encodeTraderSnapshot(snapshotOf(trader), configurationHash));
    }
  }
  outcomes.close();
  tradeFile.close();
  log.close();
  return trades;
}

/** Writes a journal anew with some of its events changed, every checksum right. */
export function reencode(
  from: ReturnType<typeof placeIn>,
  to: ReturnType<typeof placeIn>,
  change: (event: TraderEvent) => TraderEvent,
): void {
  const reader = new JournalReader(from, null);
  const decoder = new TradingRecordDecoder();
  const encoder = new TradingRecordEncoder(0);
  const journal = new TradingJournal(to, 1);
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
