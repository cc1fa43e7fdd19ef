/**
 * One backtest: the trading core over columns of scans that arrive in chunks. A chunk is not kept after it was fed,
 * so memory does not grow with the number of scans. Invariant: the result hash depends on the description and the
 * scans, not on the chunk boundaries.
 */
import type {
  Backtest,
  BacktestDescription,
  BacktestListener,
  MutableScan,
  RecordedBook,
  RecordedFeature,
  ScanChunk,
} from "./backtest-run.ts";
import { assert } from "../assert.ts";
import { firstAfter } from "../first-after.ts";
import { closeEquityCurve, createEquityCurve, noteEquity } from "../statistics/equity-curve.ts";
import { addToTally, createTradeTally } from "./trade-tally.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../time.ts";
import { createPaperBroker } from "../trading/broker/paper-broker.ts";
import { paperDeskOf } from "../trading/broker/paper-desk.ts";
import { stepDesk } from "../trading/broker/step-desk.ts";
import type { TraderCommand } from "../trading/commands.ts";
import { FUNDING_PREFIX, type FundingRate } from "../trading/portfolio/carry.ts";
import type { TraderEvent } from "../trading/events.ts";
import type { Trade } from "../trading/orders.ts";
import { createTrader } from "../trading/trader.ts";
import { createBuyAndHold, growthOf, noteHoldings } from "./benchmark.ts";
import { reportOf, type BacktestReport } from "./report.ts";
import { createLossWatch, noteBankrupt, noteLoss, watchLosses } from "./loss-watch.ts";
import { createResultHash, hashNumber, hashText, type ResultHash } from "./result-hash.ts";

export const SILENT: BacktestListener = { onTrade: () => {}, onDay: () => {} };

export function startBacktest(
  description: BacktestDescription,
  listener: BacktestListener = SILENT,
): Backtest {
  const { trader: configuration, paper } = description;
  const trader = createTrader(configuration);
  const hash = createResultHash();
  hashText(hash, descriptionText(description, trader.strategy.parameters));
  const tally = createTradeTally();
  const losses = createLossWatch(configuration.capital);
  const onCommands = (event: TraderEvent, commands: readonly TraderCommand[]) => {
    for (const command of commands) {
      if (command.kind === "note") noteLoss(losses, command.note, event.nowMs);
      if (command.kind !== "book_trade") continue;
      addToTally(tally, command.trade);
      hashTrade(hash, command.trade);
      listener.onTrade(command.trade);
    }
  };
  const broker = createPaperBroker(paper);
  return {
    description,
    listener,
    broker,
    desk: { trader, desk: paperDeskOf(broker), beforeReport: () => {}, onCommands },
    event: emptyScan(),
    curve: createEquityCurve(configuration.capital, 0),
    tally,
    holdings: createBuyAndHold(),
    hash,
    losses,
    dailyEquities: [configuration.capital],
    firstMs: [],
    lastRow: { assets: [], prices: new Float64Array(0) },
    nextDayMs: 0,
    fundedToMs: 0,
    scansInPosition: 0,
    scans: 0,
  };
}

/** Steps every scan of the chunk; the chunk's buffers may be reused afterwards. */
export function feedBacktest(run: Backtest, chunk: ScanChunk): void {
  checkChunk(run, chunk);
  if (chunk.count === 0) return;
  if (run.firstMs.length === 0) beginRun(run, chunk);
  const { desk, event, curve } = run;
  const { trader } = desk;
  const { data } = trader;
  const { timesMs, asOfMs = timesMs, eigenvalues, eigenvalueCount } = chunk;
  const { warmUntilMs = -Infinity, watched } = run.description;
  const assetCount = chunk.assets.length;
  const carriedCount = trader.strategy.carried.length;
  event.assets = chunk.assets;
  event.prices = chunk.prices;
  event.eigenvalues = eigenvalues;
  event.carried = chunk.carried;
  const { funding = [], features = [], books = [] } = chunk;
  // Before the first scan everything known by then is new.
  const knownToMs = run.scans === 0 ? -Infinity : run.fundedToMs;
  let due = firstAfter(funding, run.fundedToMs, ({ atMs }) => atMs);
  let known = firstAfter(features, knownToMs, ({ knownMs }) => knownMs);
  let booked = firstAfter(books, knownToMs, ({ knownMs }) => knownMs);
  for (let row = 0; row < chunk.count; row += 1) {
    const nowMs = timesMs[row]!;
    if (run.nextDayMs <= nowMs) rollDay(run, chunk, row);
    event.nowMs = nowMs;
    if (curve.last <= 0) continue;
    if (due < funding.length) due = tellFunding(run, funding, due);
    if (known < features.length) known = tellFeatures(run, features, known);
    if (booked < books.length) booked = tellBooks(run, books, booked);
    event.asOfMs = asOfMs[row]!;
    event.isReplayed = nowMs < warmUntilMs;
    event.index = trader.nextIndex;
    event.seq += 1;
    event.scanNumber = chunk.scanNumbers?.[row] ?? event.seq;
    event.pricesAt = row * assetCount;
    event.eigenvaluesAt = row * eigenvalueCount;
    event.eigenvalueCount =
      eigenvalueCount > 0 && eigenvalues[event.eigenvaluesAt]! > 0 ? eigenvalueCount : 0;
    event.carriedAt = row * carriedCount;
    stepDesk(desk, event);
    if (data.positions.length > 0) run.scansInPosition += 1;
    const { equity } = data.account;
    if (watched !== undefined && equity !== curve.last) {
      watchLosses(run.losses, watched, { equity, nowMs });
    }
    // Equity does not fall below zero: the run ends here.
    if (equity <= 0) noteBankrupt(run.losses, nowMs);
    noteEquity(curve, Math.max(0, equity), nowMs);
  }
  run.fundedToMs = event.nowMs;
  run.scans += chunk.count;
  const lastAt = (chunk.count - 1) * assetCount;
  run.lastRow = { assets: chunk.assets, prices: chunk.prices.slice(lastAt, lastAt + assetCount) };
}

/** Open positions stay open, marked: the report counts them. */
export function finishBacktest(run: Backtest): BacktestReport {
  const lastMs = run.event.nowMs;
  if (run.scans > 0) {
    noteHoldings(run.holdings, { ...run.lastRow, at: 0 });
    sampleDay(run, lastMs);
  }
  closeEquityCurve(run.curve, lastMs);
  const { account } = run.desk.trader.data;
  for (const value of [run.scans, account.cash, account.equity, account.fees]) {
    hashNumber(run.hash, value);
  }
  return reportOf(run);
}

function beginRun(run: Backtest, chunk: ScanChunk): void {
  const firstMs = chunk.timesMs[0]!;
  run.firstMs.push(firstMs);
  run.curve.peakAtMs = firstMs;
  run.fundedToMs = firstMs;
  run.nextDayMs = (Math.floor(firstMs / MS_PER_DAY) + 1) * MS_PER_DAY;
  noteHoldings(run.holdings, { assets: chunk.assets, prices: chunk.prices, at: 0 });
}

/** Steps the funding settled up to the next scan; returns the index of the first rate that was not stepped. */
function tellFunding(run: Backtest, funding: readonly FundingRate[], due: number): number {
  const { desk, event } = run;
  let at = due;
  for (; at < funding.length && funding[at]!.atMs <= event.nowMs; at += 1) {
    const { asset, rate: value, atMs: asOfMs } = funding[at]!;
    const { nowMs } = event;
    const index = desk.trader.nextIndex;
    const name = `${FUNDING_PREFIX}${asset}`;
    stepDesk(desk, { kind: "feature", index, nowMs, name, value, asOfMs });
  }
  return at;
}

/** Steps the features known up to the next scan; returns the index of the first one that was not stepped. */
function tellFeatures(run: Backtest, features: readonly RecordedFeature[], known: number): number {
  const { desk, event } = run;
  let at = known;
  for (; at < features.length && features[at]!.knownMs <= event.nowMs; at += 1) {
    const { name, value, asOfMs } = features[at]!;
    const { nowMs } = event;
    stepDesk(desk, { kind: "feature", index: desk.trader.nextIndex, nowMs, name, value, asOfMs });
  }
  return at;
}

/** Steps for each asset only the newest book up to the next scan: nobody could act on the ones before it. */
function tellBooks(run: Backtest, books: readonly RecordedBook[], booked: number): number {
  const { desk, event } = run;
  const { nowMs } = event;
  const newest = new Map<string, RecordedBook>();
  let at = booked;
  for (; at < books.length && books[at]!.knownMs <= nowMs; at += 1) {
    newest.set(books[at]!.asset, books[at]!);
  }
  for (const { asset, asOfMs, bids, asks } of newest.values()) {
    stepDesk(desk, {
      kind: "book",
      index: desk.trader.nextIndex,
      nowMs,
      asset,
      asOfMs,
      bids,
      asks,
    });
  }
  return at;
}

/**
 * The ending day is sampled at its last scan, which may be in the previous chunk. Days without scans repeat that
 * value: a ratio that skipped them would be computed for a shorter time than the run took.
 */
function rollDay(run: Backtest, chunk: ScanChunk, row: number): void {
  const { trader } = run.desk;
  const nowMs = chunk.timesMs[row]!;
  const { assets, prices } = chunk;
  const ended =
    row === 0 ? { ...run.lastRow, at: 0 } : { assets, prices, at: (row - 1) * assets.length };
  noteHoldings(run.holdings, ended);
  for (; run.nextDayMs <= nowMs; run.nextDayMs += MS_PER_DAY) {
    sampleDay(run, run.nextDayMs - MS_PER_DAY);
  }
  const day = dayFromMicros(nowMs * US_PER_MS);
  if (run.curve.last <= 0) return;
  run.losses.dayEquity = trader.data.account.equity;
  stepDesk(run.desk, { kind: "day_rolled", index: trader.nextIndex, nowMs, day });
}

function sampleDay(run: Backtest, dayMs: number): void {
  const { last: equity } = run.curve;
  const { capital } = run.description.trader;
  run.dailyEquities.push(equity);
  const day = dayFromMicros(dayMs * US_PER_MS);
  run.listener.onDay({ day, equity, benchmark: capital * growthOf(run.holdings) });
}

function checkChunk(run: Backtest, chunk: ScanChunk): void {
  const { count, assets, timesMs, prices, eigenvalues, eigenvalueCount, carried } = chunk;
  const carriedCount = run.desk.trader.strategy.carried.length;
  assert(timesMs.length >= count, "a chunk has a time for each scan");
  assert(prices.length >= count * assets.length, "a chunk has a price for each scan and asset");
  assert(eigenvalues.length >= count * eigenvalueCount, "a chunk has its eigenvalues");
  assert(carried.length >= count * carriedCount, "a chunk carries what its strategy names");
}

function descriptionText(description: BacktestDescription, parameters: object): string {
  const { dataHash, codeVersion, trader, paper, warmUntilMs } = description;
  const { strategy, parameters: _, ...configuration } = trader;
  return JSON.stringify({
    dataHash,
    codeVersion,
    strategy: strategy.name,
    parameters,
    configuration,
    paper,
    warmUntilMs,
  });
}

function hashTrade(hash: ResultHash, trade: Trade): void {
  hashNumber(hash, trade.entrySeq);
  hashNumber(hash, trade.exitSeq);
  hashText(hash, trade.asset);
  hashNumber(hash, trade.quantity);
  hashNumber(hash, trade.entryPrice);
  hashNumber(hash, trade.exitPrice);
  hashNumber(hash, trade.pnl);
}

function emptyScan(): MutableScan {
  return {
    kind: "scan",
    index: 0,
    nowMs: 0,
    seq: 0,
    scanNumber: 0,
    asOfMs: 0,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets: [],
    prices: new Float64Array(0),
    pricesAt: 0,
    eigenvalues: new Float64Array(0),
    eigenvaluesAt: 0,
    eigenvalueCount: 0,
    carried: new Float64Array(0),
    carriedAt: 0,
  };
}
