/**
 * How long a scan waits if a strategy declares order books: of each asset a book that was published since the previous
 * scan is written to the log and stepped before the scan. The log, the outcomes and the feeds are those of a running
 * trader. Measured from the scan's receipt to its decision, including the scan's own record and step; `after` is what
 * follows in the same turn: the digests of the books and of the scan.
 *     node bench/held-books.ts [--json] [--assets 10,50,200] [--rounds 200]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../src/adapters/event-log/event-log.ts";
import { OutcomeFile } from "../src/adapters/event-log/outcome-file.ts";
import { createBook } from "../src/domain/order-book/book.ts";
import { bookFeatures } from "../src/domain/order-book/features.ts";
import { createPaperDesk } from "../src/domain/trading/broker/paper-desk.ts";
import { createTrader } from "../src/domain/trading/trader.ts";
import { EventSequencer, type UnsequencedEvent } from "../src/services/trader/event-sequencer.ts";
import { TraderFeeds } from "../src/services/trader/intake/trader-feeds.ts";
import { Configuration } from "../src/wire/configuration.ts";
import { feedsFrom } from "../src/wire/feeds/feeds.ts";
import { bookKey, bookText } from "../src/wire/order-book/book-values.ts";
import { bookConfiguration } from "../src/wire/trading/book-configuration.ts";
import { benchOptions, report } from "./harness/options.ts";
import { median, percentile, rounded } from "./harness/statistics.ts";

const options = benchOptions({ rounds: 200 });
const BOOK = "BLUE";
const CODE = { configurationHash: "", codeHash: "" };
const SCAN_EVERY_MS = 5_000;
const LEVELS = 20;
/** Until the code is compiled. */
const WARM_UP = 20;

const rows = Object.fromEntries(
  options.assets.map((count) => [`${count} books`, measured(count)] as const),
);
report(options, { title: "order books that a scan waits for", rows }, rows);

function measured(count: number): Readonly<Record<string, number>> {
  const root = mkdtempSync(join(tmpdir(), "dolphin-held-books-"));
  try {
    const { trader, sequencer, decidedAt } = openBook(root);
    const assets = Array.from({ length: count }, (_, at) => `A${at}USDT`);
    let monotonicMs = 0;
    const feeds = new TraderFeeds({
      feeds: feedsFrom(assets.map(bookKey)),
      hazelcast: { read: () => Promise.resolve(null) },
      trader,
      take: (fact) => sequencer.take(fact),
      takeBooks: (facts) => sequencer.takeBooks(facts),
      clock: { nowMs: Date.now, monotonicMs: () => monotonicMs },
      say() {},
    });
    const listening = assets.map((asset) => ({
      asset,
      feed: feeds.all.find(({ feed }) => feed.key === bookKey(asset)),
    }));
    const beganMs = Date.now();
    const took = Array.from({ length: WARM_UP + options.rounds }, (_, round) => {
      monotonicMs += SCAN_EVERY_MS;
      const atMs = beganMs + round * SCAN_EVERY_MS;
      for (const { asset, feed } of listening) feed?.hear(bookMessage(asset, atMs));
      const scan = scanOf(assets, round + 1, atMs);
      const before = trader.nextIndex;
      const from = performance.now();
      feeds.takeKnown(atMs);
      const hasScan = sequencer.take(scan);
      const endedAt = performance.now();
      if (!hasScan || trader.nextIndex !== before + count + 1)
        throw new Error("a book was not taken");
      return { decidedMs: decidedAt() - from, afterMs: endedAt - decidedAt() };
    }).slice(WARM_UP);
    const decidedMs = took.map((one) => one.decidedMs);
    const afterMs = took.map((one) => one.afterMs);
    return {
      p50_ms: rounded(median(decidedMs), 3),
      p99_ms: rounded(percentile(decidedMs, 99), 3),
      us_per_book: rounded((1_000 * median(decidedMs)) / count, 1),
      after_p50_ms: rounded(median(afterMs), 3),
      after_p99_ms: rounded(percentile(afterMs, 99), 3),
    };
  } finally {
    rmSync(root, { recursive: true });
  }
}

function openBook(root: string) {
  const configured = bookConfiguration(BOOK, Configuration.parse({ trader: {} }).trader);
  const trader = createTrader(configured.trader);
  const log = new EventLog({ root, book: BOOK }, { epoch: 1, carriedCount: 0 });
  let decidedAt = 0;
  const sequencer = new EventSequencer({
    log,
    outcomes: new OutcomeFile(log.journal.folder, CODE, { carriedCount: 0 }),
    trader,
    desk: createPaperDesk(configured.paper),
    openStep: null,
    nowMs: Date.now,
    onCommands() {},
    onStep(step) {
      if (step === "stepped") decidedAt = performance.now();
    },
  });
  sequencer.take({ kind: "started", ...CODE, snapshotHash: "" });
  return { trader, sequencer, decidedAt: () => decidedAt };
}

function scanOf(assets: readonly string[], seq: number, asOfMs: number): UnsequencedEvent {
  return {
    kind: "scan",
    seq,
    scanNumber: seq,
    asOfMs,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets,
    prices: Float64Array.from(assets, (_, at) => 100 + at + seq / 1_000),
    pricesAt: 0,
    eigenvalues: Float64Array.of(3, 2, 1),
    eigenvaluesAt: 0,
    eigenvalueCount: 3,
    carried: new Float64Array(0),
    carriedAt: 0,
  };
}

function bookMessage(asset: string, atMs: number): string {
  const levels = createBook();
  for (const [side, way] of [
    [levels.bids, -1],
    [levels.asks, 1],
  ] as const) {
    for (let at = 0; at < LEVELS; at += 1) {
      side.prices[at] = 1000.123 + way * (at + 1) * 0.017;
      side.sizes[at] = 1.2345 * (at + 1);
    }
    side.count = LEVELS;
  }
  const state = { asset, asOfMs: atMs, receivedMs: atMs, book: levels, source: "bench" };
  const by = { epoch: 1, instance: "bench", pushedMs: atMs };
  return bookText({ ...state, features: bookFeatures(levels) }, by);
}
