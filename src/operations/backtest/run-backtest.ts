/**
 * One backtest from an archive to its files: the engine with costs, without, and with doubled costs in one pass over
 * the scans. Invariant: the result hash depends on data, settings, strategy and code, not on where the archive is,
 * how it was read or what was written.
 */
import { createHash } from "node:crypto";
import {
  feedBacktest,
  finishBacktest,
  SILENT,
  startBacktest,
} from "../../domain/backtest/backtest.ts";
import type { Backtest } from "../../domain/backtest/backtest-run.ts";
import { lossText } from "../../domain/backtest/loss-watch.ts";
import type { BacktestReport } from "../../domain/backtest/report.ts";
import {
  createRunTrace,
  feedTraced,
  picturesOf,
  recordTrade,
} from "../../domain/backtest/run-trace.ts";
import {
  atCost,
  COST_FACTORS,
  describeRun,
  type RunSettings,
} from "../../domain/backtest/run-settings.ts";
import { messageOf } from "../../domain/failure.ts";
import {
  resumeBacktest,
  snapshotOfBacktest,
} from "../../domain/backtest/snapshot/backtest-snapshot.ts";
import type { BookDifference } from "../../wire/backtest/book-run.ts";
import type { CostRow, BacktestRecord } from "../../reports/run-record.ts";
import { tearSheet } from "../../reports/tear-sheet.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { type ArchivePass, openArchivePass, type ArchiveRange } from "./archive-chunks.ts";
import { lackingLines } from "./recorded/features-as-recorded.ts";
import { BacktestRefused, NothingToRunOn } from "./backtest-refused.ts";
import { codeVersionOf, type LoadedStrategy } from "../../adapters/strategy-file/load-strategy.ts";
import {
  NO_CHECKPOINTS,
  openRunCheckpoints,
  type RunCheckpoints,
  type RunState,
} from "./run-checkpoints.ts";
import { openTradesFile, REPORT_FILE, SHEET_FILE, writeRunFile } from "./run-folder.ts";

export type BacktestJob = {
  readonly name: string;
  readonly range: ArchiveRange;
  readonly settings: RunSettings;
  readonly differsFromBook: readonly BookDifference[];
  readonly strategy: LoadedStrategy;
  /** Output folder. */
  readonly out: string;
  /**
   * Resumes from an earlier attempt with this id, if settings and code are the same; absent: starts anew, and saves
   * no checkpoint.
   */
  readonly attempt?: { readonly id: string; readonly checkpointEveryMs: number };
};

export type BacktestHooks = {
  /** Called with the start position, then at most once a chunk. */
  readonly onProgress: (scans: number) => void;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
};

/** Placeholder for a hash that is only known when everything was read. */
const READ_LATER = "";
const HASH_DIGITS = 32;
/** The run with the requested costs; the others show the effect of costs. */
const AS_ASKED = COST_FACTORS.indexOf(1);

export async function runBacktest(job: BacktestJob, hooks: BacktestHooks): Promise<BacktestRecord> {
  const startedMs = monotonicMs();
  const { settings, range } = job;
  const { inputs } = refuseCarried(job);
  const codeVersion = codeVersionOf(job.strategy);
  const checkpoints = checkpointsOf(job, codeVersion, hooks);
  const attempt = openAttempt({ job, codeVersion, inputs, hooks }, checkpoints.found);
  const { trades, trace, runs, pass, resumedFrom } = attempt;
  hooks.onProgress(resumedFrom);
  try {
    for await (const chunk of pass.chunks()) {
      hooks.signal.throwIfAborted();
      runs.forEach((run, at) => {
        if (at === AS_ASKED) feedTraced(trace, run, chunk);
        else feedBacktest(run, chunk);
      });
      hooks.onProgress(pass.counts.scans);
      checkpoints.offer(() => stateOf(attempt));
    }
    pass.expectOrder();
    trades.finish();
  } catch (error) {
    if (checkpoints.isKept) trades.leave();
    else trades.discard();
    throw error;
  }
  if (pass.counts.scans === 0)
    throw new NothingToRunOn(`there are no scans in ${describeRange(range)}`);
  const dataHash = pass.dataHash();
  const { report, costs } = reportsOf(runs, dataHash);
  const without = daysWithout(pass, report);
  for (const line of lackingLines(without)) hooks.onProblem(line);
  const wallMs = monotonicMs() - startedMs;
  const record: BacktestRecord = {
    name: job.name,
    archive: range.archive,
    from: range.from,
    to: range.to,
    report,
    costs,
    settings,
    differsFromBook: job.differsFromBook,
    read: { ...pass.counts, resumedFrom },
    ...(without.size === 0 ? {} : { daysWithout: Object.fromEntries(without) }),
    timing: { wallMs, scansPerS: ((pass.counts.scans - resumedFrom) / wallMs) * 1_000 },
  };
  const pictures = picturesOf(trace, runs[AS_ASKED]!, report.trades.byAsset);
  writeRunFile(job.out, SHEET_FILE, tearSheet(record, pictures));
  writeRunFile(job.out, REPORT_FILE, `${JSON.stringify(record, null, 2)}\n`);
  checkpoints.remove();
  return record;
}

function daysWithout({ recorded, books }: ArchivePass, { run }: BacktestReport) {
  const range = { fromMs: run.firstMs ?? 0, toMs: run.lastMs ?? 0 };
  const days = new Map([...recorded.daysWithout(range), ...books.daysWithout(range)]);
  recorded.close();
  return days;
}

type AttemptFacts = {
  readonly job: BacktestJob;
  readonly codeVersion: string;
  readonly inputs: readonly string[];
  readonly hooks: BacktestHooks;
};

type Attempt = ReturnType<typeof startAttempt>;

function checkpointsOf(
  { out, range, settings, attempt }: BacktestJob,
  codeVersion: string,
  { onProblem }: BacktestHooks,
): RunCheckpoints {
  if (attempt === undefined) return NO_CHECKPOINTS;
  const { id, checkpointEveryMs: everyMs } = attempt;
  const facts = { id, codeVersion, range, settings };
  return openRunCheckpoints({ folder: out, facts, everyMs, onProblem });
}

function openAttempt(facts: AttemptFacts, found: RunState | null): Attempt {
  if (found === null) return startAttempt(facts, null);
  try {
    return startAttempt(facts, found);
  } catch (error) {
    facts.hooks.onProblem(`the run starts again from the beginning: ${messageOf(error)}`);
    return startAttempt(facts, null);
  }
}

/** @throws when the found checkpoint can't be resumed. */
function startAttempt({ job, codeVersion, inputs, hooks }: AttemptFacts, found: RunState | null) {
  const { settings, range } = job;
  const trades = openTradesFile(job.out, inputs, found?.trades ?? null);
  const trace = createRunTrace();
  if (found !== null) Object.assign(trace, found.trace);
  const listener = {
    onTrade: (trade: Parameters<typeof trades.add>[0]) => {
      trades.add(trade);
      recordTrade(trace, trade);
    },
    onDay: (sample: (typeof trace.days)[number]) => trace.days.push(sample),
  };
  const ground = { strategy: job.strategy.choice, codeVersion, dataHash: READ_LATER };
  const runs = COST_FACTORS.map((factor, at) => {
    const description = describeRun(atCost(settings, factor), ground);
    const run = startBacktest(description, at === AS_ASKED ? listener : SILENT);
    const snapshot = found?.runs[at];
    return snapshot === undefined ? run : resumeBacktest(run, snapshot);
  });
  const { ageBudgetsMs: budgetsMs } = job.settings;
  const source = { ...range, inputs, budgetsMs };
  const pass = openArchivePass(source, hooks.onProblem, found?.pass ?? null);
  return { trades, trace, runs, pass, resumedFrom: found?.pass.counts.scans ?? 0 };
}

function stateOf({ trades, trace, runs, pass }: Attempt): RunState {
  return {
    trades: trades.mark(),
    pass: pass.snapshot(),
    trace,
    runs: runs.map(snapshotOfBacktest),
  };
}

/** The report with a hash that also covers the data. */
export function sealed(report: BacktestReport, dataHash: string): BacktestReport {
  const resultHash = sealedHash(report.resultHash, dataHash);
  return { ...report, resultHash, run: { ...report.run, dataHash } };
}

export function sealedHash(resultHash: string, dataHash: string): string {
  return createHash("sha256")
    .update(`${resultHash} ${dataHash}`)
    .digest("hex")
    .slice(0, HASH_DIGITS);
}

export function describeRange({ archive, from, to }: ArchiveRange): string {
  if (from === null && to === null) return archive;
  return `${archive} from ${from ?? "its first day"} to ${to ?? "its last"}`;
}

function reportsOf(runs: readonly Backtest[], dataHash: string) {
  const reports = runs.map((run) => sealed(finishBacktest(run), dataHash));
  const costs = reports.map((report, at): CostRow => ({
    factor: COST_FACTORS[at]!,
    total: report.returns.total,
    fees: report.returns.fees,
    trades: report.trades.count,
    winRate: report.trades.winRate,
    sharpe: report.risk.sharpe,
    drawdownMax: report.risk.drawdownMax,
    latched: lossText(report.limits),
  }));
  return { report: reports[AS_ASKED]!, costs };
}

/** @throws for a strategy that needs features carried with scans: an archive of scans has none. */
function refuseCarried({ strategy, settings }: BacktestJob): {
  readonly inputs: readonly string[];
} {
  const { name, carried, inputs } = strategy.choice.start(settings.parameters);
  if (carried.length === 0) return { inputs };
  throw new BacktestRefused(
    `strategy ${name} needs ${carried.join(", ")} with each scan, and the archive has none of them`,
  );
}
