/** The content of `sweep.json`: every set with its figures, the best one, and the probability that it was luck. */
import type { GridAxis } from "../domain/backtest/sweep/parameter-grid.ts";
import type { Luck, Objective } from "../domain/backtest/sweep/ranking.ts";
import type { BacktestReport } from "../domain/backtest/report.ts";
import type { RunSettings } from "../domain/backtest/run-settings.ts";
import type { Stitched } from "../domain/backtest/sweep/walk-forward.ts";
import type { PassCounts } from "../wire/backtest/run-checkpoint.ts";
import type { BookDifference } from "../wire/backtest/book-run.ts";
import type { Parameters } from "../domain/trading/strategy.ts";

export type SweepRow = {
  /** Only the parameters on the grid's axes. */
  readonly set: Parameters;
  readonly score: number | null;
  readonly total: number;
  readonly sharpe: number | null;
  readonly drawdownMax: number;
  readonly trades: number;
  readonly winRate: number | null;
  readonly profitFactor: number | null;
  /** The limit that stopped it, or would have, with the day; null for none. */
  readonly latched: string | null;
  readonly resultHash: string;
};

export type FoldRow = {
  readonly trainFrom: string;
  readonly testFrom: string;
  /** The first day after it. */
  readonly testTo: string;
  readonly chosen: Parameters;
  readonly trainScore: number | null;
  readonly testTotal: number;
  readonly testTrades: number;
  readonly testLatched: string | null;
};

export type WalkForwardRecord = {
  readonly trainDays: number;
  readonly testDays: number;
  readonly folds: readonly FoldRow[];
  readonly stitched: Stitched;
};

export type SweepRecord = {
  readonly name: string;
  readonly archive: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly axes: readonly GridAxis[];
  readonly settings: RunSettings;
  /** Without the sweep's grid. */
  readonly differsFromBook: readonly BookDifference[];
  readonly read: PassCounts;
  readonly objective: Objective;
  /** Number of sets tried, from which the probability of luck is computed. */
  readonly trials: number;
  readonly deflatedSharpe: Luck;
  readonly best: { readonly at: number; readonly report: BacktestReport };
  readonly sets: readonly SweepRow[];
  readonly walkForward: WalkForwardRecord | null;
  readonly resultHash: string;
  /** The only part that differs from run to run. */
  readonly timing: {
    readonly wallMs: number;
    readonly scansPerS: number;
  };
};
