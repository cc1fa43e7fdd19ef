/** What comes of a sweep's trials: the best set, its luck, the walk forward, and the files. */
import { createHash } from "node:crypto";
import type { GridAxis } from "../../../domain/backtest/parameter-grid.ts";
import {
  bestOf,
  luckOf,
  objectiveOf,
  scoreOf,
  type Objective,
} from "../../../domain/backtest/ranking.ts";
import type { BacktestReport } from "../../../domain/backtest/report.ts";
import type { TrialOutcome } from "../../../domain/backtest/trial.ts";
import { stitch } from "../../../domain/backtest/walk-forward.ts";
import { dayFromMicros, US_PER_MS } from "../../../domain/time.ts";
import type { Parameters } from "../../../domain/trading/strategy.ts";
import type {
  SweepRecord,
  SweepRow,
  WalkForwardRecord,
} from "../../../wire/tear-sheet/sweep-record.ts";
import { sweepSheet } from "../../../wire/tear-sheet/sweep-sheet.ts";
import { monotonicMs } from "../../clock.ts";
import { openArchivePass } from "../archive-chunks.ts";
import { sealed, type BacktestHooks } from "../run-backtest.ts";
import { writeWhole } from "../run-folder.ts";
import { openLanes } from "./sweep-lanes.ts";
import type { SweepJob, SweepPlan } from "./sweep-plan.ts";

export const SWEEP_FILE = "sweep.json";
export const SETS_FILE = "sets.csv";
export const SWEEP_SHEET_FILE = "tear-sheet.html";

/** What stands in the place of a hash that is known only when all was read. */
const READ_LATER = "";
const HASH_DIGITS = 32;

export type Tried = {
  /** In the order of the plan's trials. */
  readonly outcomes: readonly (TrialOutcome | null)[];
  readonly dataHash: string;
  readonly scans: number;
  readonly startedMs: number;
  /** Threads for what is still to be run. */
  readonly workers: number;
};

export async function concludeSweep(
  job: SweepJob,
  plan: SweepPlan,
  about: Tried & { readonly hooks: BacktestHooks },
): Promise<SweepRecord> {
  const { settings, axes, range } = job;
  const { sets } = plan;
  const { outcomes, dataHash, scans, startedMs } = about;
  const reports = outcomes
    .slice(0, sets.length)
    .flatMap((outcome) => (outcome === null ? [] : [sealed(outcome.report, dataHash)]));
  const objective = objectiveOf(reports);
  const at = bestOf(reports, objective);
  const best = reports[at]!;
  const walkForward = job.walkForward === null ? null : await walk(job, plan, about);
  const rows = reports.map((report, place) => rowOf(report, ownOf(sets[place]!, axes), objective));
  const wallMs = monotonicMs() - startedMs;
  const record: SweepRecord = {
    name: job.name,
    archive: range.archive,
    from: range.from,
    to: range.to,
    axes,
    settings,
    objective,
    trials: sets.length,
    deflatedSharpe: luckOf(reports, best),
    best: { at, report: best },
    sets: rows,
    walkForward,
    resultHash: hashOf([rows.map((row) => row.resultHash), walkForward]),
    timing: {
      wallMs,
      scansPerS: ((scans * sets.length) / wallMs) * 1_000,
    },
  };
  writeWhole(job.out, SETS_FILE, setsCsv(record));
  writeWhole(job.out, SWEEP_SHEET_FILE, sweepSheet(record));
  writeWhole(job.out, SWEEP_FILE, `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

type Choices = Pick<Tried, "outcomes" | "workers"> & { readonly hooks: BacktestHooks };

/** Chooses on each fold's training, then trades the choices: flat at first, with warm windows. */
async function walk(
  job: SweepJob,
  { folds, sets, codeVersion }: SweepPlan,
  { outcomes, hooks, workers }: Choices,
): Promise<WalkForwardRecord> {
  const { settings, strategy, range, axes } = job;
  const chosen = folds.map((fold, place) => {
    const from = (place + 1) * sets.length;
    const trained = outcomes.slice(from, from + sets.length);
    return { fold, ...choiceOf(trained, sets) };
  });
  const trials = chosen.map(({ fold, parameters }) => ({
    settings: { ...settings, parameters },
    fromMs: fold.trainFromMs,
    toMs: fold.testToMs,
    warmUntilMs: fold.testFromMs,
  }));
  const lanes = await openLanes({ strategy, codeVersion, dataHash: READ_LATER, trials, workers });
  const chunks = openArchivePass(range, hooks.onProblem).chunks();
  const results = await lanes.run(chunks, { onProgress: () => {}, signal: hooks.signal });
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
    };
  });
  const stitched = stitch(testDays, settings.capital);
  const { trainDays = 0, testDays: days = 0 } = job.walkForward ?? {};
  return { trainDays, testDays: days, folds: rows, stitched };
}

/** The best of those that had scans to train on; the first set where none had. */
function choiceOf(trained: readonly (TrialOutcome | null)[], sets: readonly Parameters[]) {
  const able = trained.flatMap((outcome, at) =>
    outcome === null ? [] : [{ report: outcome.report, parameters: sets[at]! }],
  );
  const reports = able.map(({ report }) => report);
  const objective = objectiveOf(reports);
  const best = able[bestOf(reports, objective)];
  return {
    parameters: best?.parameters ?? sets[0]!,
    score: best === undefined ? null : finite(scoreOf(best.report, objective)),
  };
}

function rowOf(report: BacktestReport, set: Parameters, objective: Objective): SweepRow {
  const { returns, risk, trades, resultHash } = report;
  return {
    set,
    score: finite(scoreOf(report, objective)),
    total: returns.total,
    sharpe: risk.sharpe,
    drawdownMax: risk.drawdownMax,
    trades: trades.count,
    winRate: trades.winRate,
    profitFactor: trades.profitFactor,
    resultHash,
  };
}

function setsCsv({ axes, sets }: SweepRecord): string {
  const names = axes.map(({ name }) => name);
  const figures = ["total", "sharpe", "drawdownMax", "trades", "winRate", "profitFactor"] as const;
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

function ownOf(set: Parameters, axes: readonly GridAxis[]): Parameters {
  return Object.fromEntries(axes.map(({ name }) => [name, set[name]!]));
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, HASH_DIGITS);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function dayOf(timeMs: number): string {
  return dayFromMicros(timeMs * US_PER_MS);
}
