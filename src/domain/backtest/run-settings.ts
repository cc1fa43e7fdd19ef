/** What a person says of a run, as plain values; with strategy and data it becomes the description. */
import {
  DEFAULT_AGE_BUDGETS_MS,
  DEFAULT_CAPITAL,
  DEFAULT_LIMITS,
  type RiskLimits,
} from "../trading/configuration.ts";
import { DEFAULT_PAPER_SETTINGS, type FillConvention } from "../trading/broker/paper-broker.ts";
import type { Posture } from "../trading/posture.ts";
import type { Parameters, StrategyChoice } from "../trading/strategy.ts";
import type { BacktestDescription } from "./backtest.ts";

export type RunSettings = {
  /** A `preset` among them stands for its own set. */
  readonly parameters: Parameters;
  readonly posture: Posture;
  readonly convention: FillConvention;
  readonly capital: number;
  readonly feeBps: number;
  readonly slippageBps: number;
  readonly seed: number;
  readonly limits: RiskLimits;
};

export const DEFAULT_RUN_SETTINGS: RunSettings = {
  parameters: {},
  posture: "APEX",
  convention: DEFAULT_PAPER_SETTINGS.convention,
  capital: DEFAULT_CAPITAL,
  feeBps: DEFAULT_PAPER_SETTINGS.feeBps,
  slippageBps: DEFAULT_PAPER_SETTINGS.slippageBps,
  seed: DEFAULT_PAPER_SETTINGS.seed,
  limits: DEFAULT_LIMITS,
};

const LATENCY = /^latency:(\d+)$/;

/** `same_scan`, `next_scan` or `latency:MS`; null for anything else. */
export function conventionFrom(text: string): FillConvention | null {
  if (text === "same_scan" || text === "next_scan") return { kind: text };
  const latency = LATENCY.exec(text)?.[1];
  return latency === undefined ? null : { kind: "latency", latencyMs: Number(latency) };
}

/** What a run is made of beside its settings. */
export type RunGround = {
  readonly strategy: StrategyChoice;
  readonly dataHash: string;
  readonly codeVersion: string;
};

export function describeRun(settings: RunSettings, ground: RunGround): BacktestDescription {
  const { parameters, posture, capital, slippageBps, limits } = settings;
  const { convention, feeBps, seed } = settings;
  return {
    dataHash: ground.dataHash,
    codeVersion: ground.codeVersion,
    trader: {
      book: "BACKTEST",
      capital,
      strategy: ground.strategy,
      parameters,
      slippageBps,
      instruments: {},
      limits,
      ageBudgetsMs: DEFAULT_AGE_BUDGETS_MS,
      configuredPosture: posture,
    },
    paper: { convention, feeBps, slippageBps, seed, partialShare: 0, rejectShare: 0 },
  };
}

/** Fees and slippage times this: how much of a result is left when trading costs nothing, or twice as much. */
export const COST_FACTORS = [0, 1, 2] as const;

export function atCost(settings: RunSettings, factor: number): RunSettings {
  const { feeBps, slippageBps } = settings;
  return { ...settings, feeBps: feeBps * factor, slippageBps: slippageBps * factor };
}
