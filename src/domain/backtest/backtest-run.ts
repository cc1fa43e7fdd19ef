/** The input of a backtest and its state while it runs; the steps are in backtest.ts, the report in report.ts. */
import type { EquityCurve } from "../statistics/equity-curve.ts";
import type { LossLimits, LossWatch } from "./loss-watch.ts";
import type { TradeTally } from "./trade-tally.ts";
import type { PaperBroker, PaperSettings } from "../trading/broker/paper-broker.ts";
import type { TraderAtDesk } from "../trading/broker/step-desk.ts";
import type { TraderConfiguration } from "../trading/configuration.ts";
import type { ScanEvent } from "../trading/events.ts";
import type { AssetBook } from "../trading/market/asset-book.ts";
import type { FundingRate } from "../trading/portfolio/carry.ts";
import type { Trade } from "../trading/orders.ts";
import type { BuyAndHold } from "./benchmark.ts";
import type { ResultHash } from "./result-hash.ts";

/** A value of a feed, with the time at which it became known. */
export type RecordedFeature = {
  readonly name: string;
  readonly value: number;
  readonly asOfMs: number;
  readonly knownMs: number;
};

/** An order book, with the time at which it was received. */
export type RecordedBook = AssetBook & { readonly asset: string; readonly knownMs: number };

/** Consecutive scans of one universe as columns; each row of prices has `assets.length` values. */
export type ScanChunk = {
  readonly assets: readonly string[];
  readonly count: number;
  /** The clock time at which each scan arrived, in milliseconds; never descending. */
  readonly timesMs: Float64Array;
  /** Each scan's own timestamp, from which its age is computed; absent: equal to `timesMs`. */
  readonly asOfMs?: Float64Array;
  /** The writer's scan numbers, which restart with the writer; absent: the writer never restarted. */
  readonly scanNumbers?: Float64Array;
  readonly prices: Float64Array;
  /** `eigenvalueCount` values per scan, descending; the first one is NaN for a scan without eigenvalues. */
  readonly eigenvalues: Float64Array;
  readonly eigenvalueCount: number;
  /** The features carried with each scan, as many as the strategy names; may be empty when it names none. */
  readonly carried: Float64Array;
  /** Settlements after the previous chunk and up to the last scan, in order of time; absent: none. */
  readonly funding?: readonly FundingRate[];
  /** Values that became known after the previous chunk and up to the last scan, in that order; absent: none. */
  readonly features?: readonly RecordedFeature[];
  /** As `features`; absent: none. */
  readonly books?: readonly RecordedBook[];
};

/** Describes a run: together with the data it determines the result. */
export type BacktestDescription = {
  readonly dataHash: string;
  readonly codeVersion: string;
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  /** Scans before this time only fill the windows, and no decision is made on them; absent: no such time. */
  readonly warmUntilMs?: number;
  /** Loss limits that do not stop this run: the report says when they would have latched. */
  readonly watched?: LossLimits;
};

export type DaySample = {
  readonly day: string;
  readonly equity: number;
  /** The final worth of the same capital if every asset had been bought and held. */
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
  /** The equity at the start and at the end of each UTC day: one number a day is all that grows with the run. */
  readonly dailyEquities: number[];
  readonly firstMs: number[];
  /** A copy of the last scan of the previous chunk. */
  lastRow: { readonly assets: readonly string[]; readonly prices: Float64Array };
  nextDayMs: number;
  /** Funding, features and books up to this time have been stepped. */
  fundedToMs: number;
  scansInPosition: number;
  scans: number;
};

export type MutableScan = { -readonly [key in keyof ScanEvent]: ScanEvent[key] };
