/** The plan of a sweep: its sets, its folds, and all trials in one sequence, the grid's first. */
import { setsOfGrid, type GridAxis } from "../../../domain/backtest/sweep/parameter-grid.ts";
import type { RunSettings } from "../../../domain/backtest/run-settings.ts";
import { EVERY_SCAN, type Trial } from "../../../domain/backtest/sweep/trial.ts";
import { foldsOf, type Fold } from "../../../domain/backtest/sweep/walk-forward.ts";
import { MS_PER_DAY } from "../../../domain/time.ts";
import type { Parameters } from "../../../domain/trading/strategy.ts";
import type { BookDifference } from "../../../wire/backtest/book-run.ts";
import type { ArchiveRange } from "../archive-chunks.ts";
import { daysOf } from "../count-scans.ts";
import {
  codeVersionOf,
  type LoadedStrategy,
} from "../../../adapters/strategy-file/load-strategy.ts";
import { NothingToRunOn } from "../backtest-refused.ts";
import type { TrialRow } from "./sweep-waves.ts";

export type SweepJob = {
  readonly name: string;
  readonly range: ArchiveRange;
  readonly settings: RunSettings;
  readonly differsFromBook: readonly BookDifference[];
  readonly strategy: LoadedStrategy;
  readonly axes: readonly GridAxis[];
  /** Days; null for the grid alone. */
  readonly walkForward: { readonly trainDays: number; readonly testDays: number } | null;
  readonly out: string;
};

export type SweepPlan = {
  readonly sets: readonly Parameters[];
  readonly folds: readonly Fold[];
  /** The trials of each set over all scans, then those of each fold's training. */
  readonly trials: TrialRow;
  readonly codeVersion: string;
};

/** Deterministic, wherever it is computed. */
export function planSweep(job: SweepJob): SweepPlan {
  const { settings, axes } = job;
  const sets = setsOfGrid(axes, settings.parameters);
  const folds = foldsOfJob(job);
  const trials: TrialRow = {
    count: sets.length * (1 + folds.length),
    at(place) {
      const parameters = sets[place % sets.length]!;
      const fold = folds[Math.floor(place / sets.length) - 1];
      if (fold !== undefined) return trainingOf(fold, settings, parameters);
      return { ...EVERY_SCAN, settings: { ...settings, parameters } };
    },
  };
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
  throw new NothingToRunOn(
    `${days.length} days are too few to train on ${trainDays} and test on what follows`,
  );
}

function trainingOf(fold: Fold, settings: RunSettings, parameters: Parameters): Trial {
  return {
    settings: { ...settings, parameters },
    fromMs: fold.trainFromMs,
    toMs: fold.testFromMs,
    warmUntilMs: -Infinity,
    keepsDays: false,
  };
}
