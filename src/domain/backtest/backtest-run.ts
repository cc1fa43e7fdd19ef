/** What a backtest is made of and what it holds while it runs; its steps are in backtest.ts, its report in report.ts. */
import type { EquityCurve } from "../statistics/equity-curve.ts";
import type { LossLimits, LossWatch } from "../statistics/loss-watch.ts";
import type { TradeTally } from "../statistics/trade-tally.ts";
import type { PaperBroker, PaperSettings } from "../trading/broker/paper-broker.ts";
import type { TraderAtDesk } from "../trading/broker/step-desk.ts";
import type { TraderConfiguration } from "../trading/configuration.ts";
import type { ScanEvent } from "../trading/events.ts";
import type { AssetBook } from "../trading/market/asset-book.ts";
import type { FundingRate } from "../trading/margin/carry.ts";
import type { Trade } from "../trading/orders.ts";
import type { BuyAndHold } from "./benchmark.ts";
import type { ResultHash } from "./result-hash.ts";

/** A value of a feed, and when it became known. */
export type RecordedFeature = {
  readonly name: string;
  readonly value: number;
  readonly asOfMs: number;
  readonly knownMs: number;
};

/** An order book, and when it was here. */
export type RecordedBook = AssetBook & { readonly asset: string; readonly knownMs: number };

/** Consecutive scans of one universe, by columns; rows of prices are `assets.length` long. */
export type ScanChunk = {
  readonly assets: readonly string[];
  readonly count: number;
  /** When each scan came by the clock; they never fall. */
  readonly timesMs: Float64Array;
  /** What each scan says of itself, by which it is fresh or stale; left out: the same. */
  readonly asOfMs?: Float64Array;
  /** The writer's own, which begin anew with it; left out: a writer that never restarted. */
  readonly scanNumbers?: Float64Array;
  readonly prices: Float64Array;
  /** `eigenvalueCount` a scan, descending; NaN for the first of a scan that has none. */
  readonly eigenvalues: Float64Array;
  readonly eigenvalueCount: number;
  /** Each scan has as many as the strategy names; may be empty when it names none. */
  readonly carried: Float64Array;
  /** Settled since the chunk before and up to the last scan, in order of time; left out: none. */
  readonly funding?: readonly FundingRate[];
  /** Became known since the chunk before and up to the last scan, in that order; left out: none. */
  readonly features?: readonly RecordedFeature[];
  /** As the features; left out: none. */
  readonly books?: readonly RecordedBook[];
};

/** What a run is, and with the data what its result follows from. */
export type BacktestDescription = {
  readonly dataHash: string;
  readonly codeVersion: string;
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  /** Scans before this time fill the windows and nothing is decided at them; left out: none. */
  readonly warmUntilMs?: number;
  /** Loss limits that stop nothing here: the report says when they would have. */
  readonly watched?: LossLimits;
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

export type Backtest = {
  readonly description: BacktestDescription;
  readonly listener: BacktestListener;
  readonly broker: PaperBroker;
  readonly desk: TraderAtDesk;
  readonly event: MutableScan;
  readonly curve: EquityCurve;
  readonly tally: TradeTally;
  readonly holdings: BuyAndHold;
  readonly hash: ResultHash;
  readonly losses: LossWatch;
  /** One for the end of each UTC day, the start first: a number a day is all that grows. */
  readonly dailyEquities: number[];
  readonly firstMs: number[];
  /** A copy of the last scan of the chunk before. */
  lastRow: { readonly assets: readonly string[]; readonly prices: Float64Array };
  nextDayMs: number;
  /** Funding, features and books up to this time have been stepped. */
  fundedToMs: number;
  scansInPosition: number;
  scans: number;
};

export type MutableScan = { -readonly [key in keyof ScanEvent]: ScanEvent[key] };
