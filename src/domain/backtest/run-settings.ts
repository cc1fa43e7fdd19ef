/** A run's settings as plain values; with strategy and data they become the description. */
import {
  DEFAULT_AGE_BUDGETS_MS,
  DEFAULT_CAPITAL,
  DEFAULT_DELISTING,
  DEFAULT_LIMITS,
  type Delisting,
  type RiskLimits,
  WIDE_LIMITS,
} from "../trading/configuration.ts";
import type { Instrument } from "../trading/market/instrument.ts";
import { DEFAULT_MARGIN, type Margin } from "../trading/margin/margin-terms.ts";
import { DEFAULT_PAPER_SETTINGS, type FillConvention } from "../trading/broker/paper-broker.ts";
import type { Posture } from "../trading/posture.ts";
import type { Parameters, StrategyChoice } from "../trading/strategy.ts";
import type { BacktestDescription } from "./backtest-run.ts";
import type { LossLimits } from "./loss-watch.ts";

export type RunSettings = {
  /** The key `preset` stands for a named set of parameters. */
  readonly parameters: Parameters;
  readonly posture: Posture;
  readonly convention: FillConvention;
  readonly capital: number;
  readonly feeBps: number;
  /** Used where a fill walks no order book. */
  readonly slippageBps: number;
  /** Share of the cost of walking an order book that is charged; absent: all of it. */
  readonly walkFactor?: number;
  readonly seed: number;
  readonly partialShare: number;
  readonly rejectShare: number;
  readonly instruments: Readonly<Record<string, Instrument>>;
  readonly ageBudgetsMs: Readonly<Record<string, number>>;
  /** Null: no limits, so that the strategy is judged by its decisions and not by where it was stopped. */
  readonly limits: RiskLimits | null;
  /** For a run without limits: the loss limits whose latching the report notes. */
  readonly watched: LossLimits;
  /** Null: a position stays open forever when its asset disappears. */
  readonly delisting: Delisting | null;
  /** Null: nothing is liquidated, and the run ends when the equity is gone. */
  readonly margin: Margin | null;
};

/** The settings for a book that is not configured. */
export const DEFAULT_RUN_SETTINGS: RunSettings = {
  parameters: {},
  posture: "APEX",
  convention: DEFAULT_PAPER_SETTINGS.convention,
  capital: DEFAULT_CAPITAL,
  feeBps: DEFAULT_PAPER_SETTINGS.feeBps,
  slippageBps: DEFAULT_PAPER_SETTINGS.slippageBps,
  seed: DEFAULT_PAPER_SETTINGS.seed,
  partialShare: DEFAULT_PAPER_SETTINGS.partialShare,
  rejectShare: DEFAULT_PAPER_SETTINGS.rejectShare,
  instruments: {},
  ageBudgetsMs: DEFAULT_AGE_BUDGETS_MS,
  limits: null,
  watched: lossLimitsOf(DEFAULT_LIMITS),
  delisting: DEFAULT_DELISTING,
  margin: DEFAULT_MARGIN,
};

export function lossLimitsOf({ dailyLossMax, drawdownMax }: LossLimits): LossLimits {
  return { dailyLossMax, drawdownMax };
}

const LATENCY = /^latency:(\d+)$/;

/** `same_scan`, `next_scan` or `latency:MS`; null for anything else. */
export function conventionFrom(text: string): FillConvention | null {
  if (text === "same_scan" || text === "next_scan") return { kind: text };
  const latency = LATENCY.exec(text)?.[1];
  return latency === undefined ? null : { kind: "latency", latencyMs: Number(latency) };
}

/** The other inputs of a run. */
export type RunGround = {
  readonly strategy: StrategyChoice;
  readonly dataHash: string;
  readonly codeVersion: string;
};

export function describeRun(settings: RunSettings, ground: RunGround): BacktestDescription {
  const { parameters, posture, capital, slippageBps, limits } = settings;
  const { convention, feeBps, seed, partialShare, rejectShare, watched, delisting, margin } =
    settings;
  const { walkFactor = 1 } = settings;
  return {
    dataHash: ground.dataHash,
    codeVersion: ground.codeVersion,
    trader: {
      book: "BACKTEST",
      capital,
      strategy: ground.strategy,
      parameters,
      slippageBps,
      instruments: sorted(settings.instruments),
      limits: limits ?? WIDE_LIMITS,
      ageBudgetsMs: sorted(settings.ageBudgetsMs),
      configuredPosture: posture,
      ...(delisting === null ? {} : { delisting }),
      ...(margin === null ? {} : { margin: { ...margin, byAsset: sorted(margin.byAsset) } }),
    },
    paper: {
      convention,
      feeBps,
      slippageBps,
      seed,
      partialShare,
      rejectShare,
      ...(walkFactor === 1 ? {} : { walkFactor }),
    },
    ...(limits === null ? { watched } : {}),
  };
}

/** Sorts the names, so that the order in which they were given does not change the run's description. */
function sorted<T>(named: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const entries = Object.entries(named);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Factors for fees and slippage: what remains of a result when trading is free, or costs twice as much. */
export const COST_FACTORS = [0, 1, 2] as const;

export function atCost(settings: RunSettings, factor: number): RunSettings {
  const { feeBps, slippageBps } = settings;
  const costs = { feeBps: feeBps * factor, slippageBps: slippageBps * factor };
  return { ...settings, ...costs, walkFactor: factor };
}
