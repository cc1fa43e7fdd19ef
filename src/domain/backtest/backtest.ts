/**
 * One backtest: the trader's core over columns of scans that come in chunks. Nothing is kept of a
 * chunk after it was fed, so memory does not grow with the number of scans.
 *
 * Invariant: the result hash depends on the description and the scans, not on how they were chunked.
 */
import { assert } from "../assert.ts";
import {
  closeEquityCurve,
  createEquityCurve,
  noteEquity,
  type EquityCurve,
} from "../statistics/equity-curve.ts";
import { addToTally, createTradeTally, type TradeTally } from "../statistics/trade-tally.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../time.ts";
import { createPaperBroker, type PaperSettings } from "../trading/broker/paper-broker.ts";
import { stepDesk, type PaperDesk } from "../trading/broker/paper-desk.ts";
import type { TraderCommand } from "../trading/commands.ts";
import type { TraderConfiguration } from "../trading/configuration.ts";
import type { ScanEvent } from "../trading/events.ts";
import type { Trade } from "../trading/orders.ts";
import { createTrader } from "../trading/trader.ts";
import { createBuyAndHold, growthOf, noteHoldings, type BuyAndHold } from "./benchmark.ts";
import { reportOf, type BacktestReport } from "./report.ts";
import { createResultHash, hashNumber, hashText, type ResultHash } from "./result-hash.ts";

/** Consecutive scans of one universe, by columns; rows of prices are `assets.length` long. */
export type ScanChunk = {
  readonly assets: readonly string[];
  readonly count: number;
  readonly timesMs: Float64Array;
  readonly prices: Float64Array;
  /** `eigenvalueCount` a scan, descending; NaN for the first of a scan that has none. */
  readonly eigenvalues: Float64Array;
  readonly eigenvalueCount: number;
  /** As many a scan as the strategy names; may be empty when it names none. */
  readonly carried: Float64Array;
};

/** What a run is, and with the data what its result follows from. */
export type BacktestDescription = {
  readonly dataHash: string;
  readonly codeVersion: string;
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  /** Scans before this time fill the windows and nothing is decided at them; left out: none. */
  readonly warmUntilMs?: number;
};

export type DaySample = {
  readonly day: string;
  readonly equity: number;
  /** What the same capital would be worth by buying and holding every asset. */
  readonly benchmark: number;
};

export type BacktestListener = {
  readonly onTrade: (trade: Trade) => void;
  readonly onDay: (sample: DaySample) => void;
};

export const SILENT: BacktestListener = { onTrade: () => {}, onDay: () => {} };

export type Backtest = {
  readonly description: BacktestDescription;
  readonly listener: BacktestListener;
  readonly desk: PaperDesk;
  readonly event: MutableScan;
  readonly curve: EquityCurve;
  readonly tally: TradeTally;
  readonly holdings: BuyAndHold;
  readonly hash: ResultHash;
  /** At the end of each UTC day, the start first: a number a day is all that grows. */
  readonly dailyEquities: number[];
  readonly firstMs: number[];
  /** A copy of the last scan of the chunk before. */
  lastRow: { readonly assets: readonly string[]; readonly prices: Float64Array };
  nextDayMs: number;
  scansInPosition: number;
  scans: number;
};

type MutableScan = { -readonly [key in keyof ScanEvent]: ScanEvent[key] };

export function startBacktest(
  description: BacktestDescription,
  listener: BacktestListener = SILENT,
): Backtest {
  const { trader: configuration, paper } = description;
  const trader = createTrader(configuration);
  const hash = createResultHash();
  hashText(hash, descriptionText(description, trader.strategy.parameters));
  const tally = createTradeTally();
  const onCommands = (_: unknown, commands: readonly TraderCommand[]) => {
    for (const command of commands) {
      if (command.kind !== "book_trade") continue;
      addToTally(tally, command.trade);
      hashTrade(hash, command.trade);
      listener.onTrade(command.trade);
    }
  };
  return {
    description,
    listener,
    desk: { trader, broker: createPaperBroker(paper), beforeReport: () => {}, onCommands },
    event: emptyScan(),
    curve: createEquityCurve(configuration.capital, 0),
    tally,
    holdings: createBuyAndHold(),
    hash,
    dailyEquities: [configuration.capital],
    firstMs: [],
    lastRow: { assets: [], prices: new Float64Array(0) },
    nextDayMs: 0,
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
  const { timesMs, eigenvalues, eigenvalueCount } = chunk;
  const { warmUntilMs = -Infinity } = run.description;
  const assetCount = chunk.assets.length;
  const carriedCount = trader.strategy.carried.length;
  event.assets = chunk.assets;
  event.prices = chunk.prices;
  event.eigenvalues = eigenvalues;
  event.carried = chunk.carried;
  for (let row = 0; row < chunk.count; row += 1) {
    const nowMs = timesMs[row]!;
    if (run.nextDayMs <= nowMs) rollDay(run, chunk, row);
    event.nowMs = nowMs;
    event.asOfMs = nowMs;
    event.isReplayed = nowMs < warmUntilMs;
    event.index = trader.nextIndex;
    event.seq += 1;
    event.scanNumber = event.seq;
    event.pricesAt = row * assetCount;
    event.eigenvaluesAt = row * eigenvalueCount;
    event.eigenvalueCount =
      eigenvalueCount > 0 && eigenvalues[event.eigenvaluesAt]! > 0 ? eigenvalueCount : 0;
    event.carriedAt = row * carriedCount;
    stepDesk(desk, event);
    if (data.positions.length > 0) run.scansInPosition += 1;
    noteEquity(curve, data.account.equity, nowMs);
  }
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
  run.nextDayMs = (Math.floor(firstMs / MS_PER_DAY) + 1) * MS_PER_DAY;
  noteHoldings(run.holdings, { assets: chunk.assets, prices: chunk.prices, at: 0 });
}

/**
 * The day that ends is sampled at its last scan, which may lie in the chunk before. Days without scans
 * are sampled as it was left: a ratio that skipped them would be of a shorter time than went by.
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
  stepDesk(run.desk, { kind: "day_rolled", index: trader.nextIndex, nowMs, day });
}

function sampleDay(run: Backtest, dayMs: number): void {
  const { equity } = run.desk.trader.data.account;
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
