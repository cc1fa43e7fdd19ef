/**
 * Many runs over the same scans, each over its own span of time: the trials of a sweep. A run starts with the first
 * scan of its span and is released after the last, so that memory holds only the runs in progress.
 */
import { feedBacktest, finishBacktest, SILENT, startBacktest } from "../backtest.ts";
import type { Backtest, DaySample, ScanChunk } from "../backtest-run.ts";
import { sliceOfChunk } from "../chunk-slice.ts";
import type { BacktestReport } from "../report.ts";
import { describeRun, type RunGround, type RunSettings } from "../run-settings.ts";

export type Trial = {
  readonly settings: RunSettings;
  /** Scans from here up to, but not including, `toMs`; infinite for all. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Before this time the windows fill and nothing is decided; -Infinity for no such time. */
  readonly warmUntilMs: number;
  /** Whether the daily samples are needed: a sweep has too many to keep them all. */
  readonly keepsDays: boolean;
};

export type TrialOutcome = {
  readonly report: BacktestReport;
  /** Empty where they are not kept. */
  readonly days: readonly DaySample[];
};

export const EVERY_SCAN = {
  fromMs: -Infinity,
  toMs: Infinity,
  warmUntilMs: -Infinity,
  keepsDays: false,
} as const;

type Lane = {
  readonly trial: Trial;
  run: Backtest | null;
  readonly days: DaySample[];
  outcome: TrialOutcome | null;
};

export type Trials = {
  readonly feed: (chunk: ScanChunk) => void;
  /** In the order of the trials; null for a trial without scans in its span. */
  readonly finish: () => readonly (TrialOutcome | null)[];
};

export function startTrials(trials: readonly Trial[], ground: RunGround): Trials {
  const lanes = trials.map((trial): Lane => ({ trial, run: null, days: [], outcome: null }));
  const carriedCount =
    trials[0] === undefined
      ? 0
      : ground.strategy.start(trials[0].settings.parameters).carried.length;
  return {
    feed(chunk) {
      for (const lane of lanes) {
        const { trial } = lane;
        const first = firstAt(chunk, trial.fromMs);
        const end = firstAt(chunk, trial.toMs);
        if (first < end) {
          lane.run ??= begin(lane, ground);
          feedBacktest(lane.run, sliceOfChunk(chunk, { first, count: end - first, carriedCount }));
        }
        if (end < chunk.count) close(lane);
      }
    },
    finish() {
      return lanes.map((lane) => {
        close(lane);
        return lane.outcome;
      });
    },
  };
}

function begin({ trial, days }: Lane, ground: RunGround): Backtest {
  const description = describeRun(trial.settings, ground);
  const isWarmed = trial.warmUntilMs !== -Infinity;
  return startBacktest(
    isWarmed ? { ...description, warmUntilMs: trial.warmUntilMs } : description,
    trial.keepsDays ? { onTrade: () => {}, onDay: (sample) => days.push(sample) } : SILENT,
  );
}

function close(lane: Lane): void {
  if (lane.run === null) return;
  lane.outcome = { report: finishBacktest(lane.run), days: lane.days };
  lane.run = null;
}

/** The first row at or after a time; times never fall. */
function firstAt({ timesMs, count }: ScanChunk, timeMs: number): number {
  if (timeMs <= timesMs[0]!) return 0;
  if (timesMs[count - 1]! < timeMs) return count;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesMs[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
