/** Evaluates a sweep's trials: the best set, the probability that it was luck, the walk forward, and the files. */
import { createHash } from "node:crypto";
import { luckOf } from "../../../domain/backtest/sweep/ranking.ts";
import { lossText } from "../../../domain/backtest/loss-watch.ts";
import type { TrialOutcome } from "../../../domain/backtest/sweep/trial.ts";
import { stitch } from "../../../domain/backtest/sweep/walk-forward.ts";
import { dayFromMicros, US_PER_MS } from "../../../domain/time.ts";
import type { SweepRecord, WalkForwardRecord } from "../../../reports/sweep-record.ts";
import { sweepSheet } from "../../../reports/sweep-sheet.ts";
import { monotonicMs } from "../../../adapters/clock.ts";
import type { BacktestHooks } from "../run-backtest.ts";
import { writeRunFile } from "../run-folder.ts";
import type { SweepJob, SweepPlan } from "./sweep-plan.ts";
import { ownOf, type SweepTally } from "./sweep-tally.ts";
import { runWaves, type ScansRead } from "./sweep-waves.ts";

export const SWEEP_FILE = "sweep.json";
export const SETS_FILE = "sets.csv";
export const SWEEP_SHEET_FILE = "tear-sheet.html";

const HASH_DIGITS = 32;

export type Tried = ScansRead & {
  readonly tally: SweepTally;
  readonly startedMs: number;
  /** Threads for the trials still to be run. */
  readonly workers: number;
};

export async function concludeSweep(
  job: SweepJob,
  plan: SweepPlan,
  about: Tried & { readonly hooks: BacktestHooks },
): Promise<SweepRecord> {
  const { settings, axes, range } = job;
  const { sets } = plan;
  const { tally, dataHash, read, startedMs } = about;
  const { objective, at, best, rows } = tally.ranked(dataHash);
  const walkForward = job.walkForward === null ? null : await walk(job, plan, about);
  const wallMs = monotonicMs() - startedMs;
  const record: SweepRecord = {
    name: job.name,
    archive: range.archive,
    from: range.from,
    to: range.to,
    axes,
    settings,
    differsFromBook: job.differsFromBook,
    read,
    objective,
    trials: sets.length,
    deflatedSharpe: luckOf(rows, best),
    best: { at, report: best },
    sets: rows,
    walkForward,
    resultHash: hashOf([rows.map((row) => row.resultHash), walkForward]),
    timing: {
      wallMs,
      scansPerS: ((read.scans * sets.length) / wallMs) * 1_000,
    },
  };
  writeRunFile(job.out, SETS_FILE, setsCsv(record));
  writeRunFile(job.out, SWEEP_SHEET_FILE, sweepSheet(record));
  writeRunFile(job.out, SWEEP_FILE, `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** Chooses on each fold's training days, then tests the choices: each starts flat, with full windows. */
async function walk(
  job: SweepJob,
  { folds, codeVersion }: SweepPlan,
  { tally, hooks, ...known }: Tried & { readonly hooks: BacktestHooks },
): Promise<WalkForwardRecord> {
  const { settings, axes } = job;
  const chosen = folds.map((fold, place) => ({ fold, ...tally.choiceOf(place) }));
  const trials = chosen.map(({ fold, parameters }) => ({
    settings: { ...settings, parameters },
    fromMs: fold.trainFromMs,
    toMs: fold.testToMs,
    warmUntilMs: fold.testFromMs,
    keepsDays: true,
  }));
  const results: (TrialOutcome | null)[] = [];
  const row = { count: trials.length, at: (place: number) => trials[place]! };
  await runWaves({ ...job, codeVersion, workers: known.workers, known }, row, {
    hooks: { ...hooks, onProgress: () => {} },
    onOutcome: (place, outcome) => (results[place] = outcome),
  });
  const testDays = results.map((result, place) => {
    const first = dayOf(folds[place]!.testFromMs);
    return (result?.days ?? []).filter(({ day }) => first <= day);
  });
  const rows = chosen.map(({ fold, parameters, score }, place) => {
    const report = results[place]?.report ?? null;
    return {
      trainFrom: dayOf(fold.trainFromMs),
      testFrom: dayOf(fold.testFromMs),
      testTo: dayOf(fold.testToMs),
      chosen: ownOf(parameters, axes),
      trainScore: score,
      testTotal: report?.returns.total ?? 0,
      testTrades: report?.trades.count ?? 0,
      testLatched: report === null ? null : lossText(report.limits),
    };
  });
  const stitched = stitch(testDays, settings.capital);
  const { trainDays = 0, testDays: days = 0 } = job.walkForward ?? {};
  return { trainDays, testDays: days, folds: rows, stitched };
}

function setsCsv({ axes, sets }: SweepRecord): string {
  const names = axes.map(({ name }) => name);
  const figures = [
    "total",
    "sharpe",
    "drawdownMax",
    "trades",
    "winRate",
    "profitFactor",
    "latched",
  ] as const;
  const head = [...names, ...figures, "resultHash"].join(",");
  const lines = sets.map((row) =>
    [
      ...names.map((name) => String(row.set[name])),
      ...figures.map((figure) => row[figure] ?? ""),
      row.resultHash,
    ].join(","),
  );
  return `${[head, ...lines].join("\n")}\n`;
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, HASH_DIGITS);
}

function dayOf(timeMs: number): string {
  return dayFromMicros(timeMs * US_PER_MS);
}
