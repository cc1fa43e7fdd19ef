/** Runs that hold one asset with all their cash from the second scan on, so that their equity is its price. */
import { startBacktest } from "../../../src/domain/backtest/backtest.ts";
import type { Backtest, DaySample, ScanChunk } from "../../../src/domain/backtest/backtest-run.ts";
import {
  DEFAULT_RUN_SETTINGS,
  describeRun,
  type RunSettings,
} from "../../../src/domain/backtest/run-settings.ts";
import { WIDE_LIMITS } from "../../../src/domain/trading/configuration.ts";
import type { Direction } from "../../../src/domain/trading/orders.ts";
import { defineStrategy, type StrategyChoice } from "../../../src/domain/trading/strategy.ts";
import { PLAIN_STRATEGY } from "./plain-strategy.ts";

/** Never leaves by itself. */
export function holderOf(direction: Direction, share = 1): StrategyChoice {
  return defineStrategy<Record<string, never>, Record<string, never>>({
    ...PLAIN_STRATEGY,
    name: "holder",
    decide: () => ({
      column: 0,
      direction,
      share,
      strength: 1,
      plan: { takeProfit: Infinity, stopLoss: Infinity, holdScansMax: Infinity, bucket: "fixed" },
    }),
  });
}

type Holding = {
  readonly settings?: Partial<RunSettings>;
  readonly onDay?: (sample: DaySample) => void;
};

export function startHolder({ settings = {}, onDay = () => {} }: Holding = {}): Backtest {
  const free = { ...DEFAULT_RUN_SETTINGS, feeBps: 0, slippageBps: 0, limits: WIDE_LIMITS };
  const ground = { strategy: holderOf("long"), dataHash: "held", codeVersion: "test" };
  const description = describeRun({ ...free, ...settings }, ground);
  return startBacktest(description, { onTrade: () => {}, onDay });
}

/** Each with its time. */
export function pricesAt(rows: readonly (readonly [timeMs: number, price: number])[]): ScanChunk {
  return {
    assets: ["AAA"],
    count: rows.length,
    timesMs: Float64Array.from(rows, ([timeMs]) => timeMs),
    prices: Float64Array.from(rows, ([, price]) => price),
    eigenvalues: new Float64Array(0),
    eigenvalueCount: 0,
    carried: new Float64Array(0),
  };
}
