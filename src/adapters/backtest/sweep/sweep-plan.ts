/** What a sweep is made of: its sets, its folds, and all trials in one row, the grid's first. */
import { setsOfGrid, type GridAxis } from "../../../domain/backtest/parameter-grid.ts";
import type { RunSettings } from "../../../domain/backtest/run-settings.ts";
import { EVERY_SCAN, type Trial } from "../../../domain/backtest/trial.ts";
import { foldsOf, type Fold } from "../../../domain/backtest/walk-forward.ts";
import { MS_PER_DAY } from "../../../domain/time.ts";
import type { Parameters } from "../../../domain/trading/strategy.ts";
import type { ArchiveRange } from "../archive-chunks.ts";
import { daysOf } from "../count-scans.ts";
import { codeVersionOf, type LoadedStrategy } from "../load-strategy.ts";
import { BacktestRefused } from "../run-backtest.ts";

export type SweepJob = {
  readonly name: string;
  readonly range: ArchiveRange;
  readonly settings: RunSettings;
  readonly strategy: LoadedStrategy;
  readonly axes: readonly GridAxis[];
  /** Days; null for the grid alone. */
  readonly walkForward: { readonly trainDays: number; readonly testDays: number } | null;
  readonly out: string;
};

export type SweepPlan = {
  readonly sets: readonly Parameters[];
  readonly folds: readonly Fold[];
  /** Of each set over all scans, then of each fold's training. */
  readonly trials: readonly Trial[];
  readonly codeVersion: string;
};

/** The same wherever it is made. */
export function planSweep(job: SweepJob): SweepPlan {
  const { settings, axes } = job;
  const sets = setsOfGrid(axes, settings.parameters);
  const folds = foldsOfJob(job);
  const trials = [
    ...sets.map((parameters) => ({ ...EVERY_SCAN, settings: { ...settings, parameters } })),
    ...folds.flatMap((fold) => sets.map((parameters) => trainingOf(fold, settings, parameters))),
  ];
  return { sets, folds, trials, codeVersion: codeVersionOf(job.strategy) };
}

function foldsOfJob({ walkForward, range }: SweepJob): readonly Fold[] {
  if (walkForward === null) return [];
  const days = daysOf(range);
  const [first, last] = [days[0], days.at(-1)];
  const { trainDays, testDays } = walkForward;
  const folds =
    first === undefined || last === undefined
      ? []
      : foldsOf({
          firstMs: Date.parse(first),
          endMs: Date.parse(last) + MS_PER_DAY,
          trainMs: trainDays * MS_PER_DAY,
          testMs: testDays * MS_PER_DAY,
        });
  if (0 < folds.length) return folds;
  throw new BacktestRefused(
    `${days.length} days are too few to train on ${trainDays} and test on what follows`,
  );
}

function trainingOf(fold: Fold, settings: RunSettings, parameters: Parameters): Trial {
  return {
    settings: { ...settings, parameters },
    fromMs: fold.trainFromMs,
    toMs: fold.testFromMs,
    warmUntilMs: -Infinity,
  };
}
