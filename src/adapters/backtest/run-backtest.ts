/**
 * One backtest from an archive to its files: the engine at cost, free of cost and at twice the cost
 * in one pass over the scans.
 *
 * Invariant: the result hash follows from data, settings, strategy and code; not from where the
 * archive lies, how it was read or what was written.
 */
import { createHash } from "node:crypto";
import {
  feedBacktest,
  finishBacktest,
  SILENT,
  startBacktest,
  type Backtest,
} from "../../domain/backtest/backtest.ts";
import type { BacktestReport } from "../../domain/backtest/report.ts";
import {
  createRunTrace,
  feedTraced,
  picturesOf,
  traceTrade,
} from "../../domain/backtest/run-trace.ts";
import {
  atCost,
  COST_FACTORS,
  describeRun,
  type RunSettings,
} from "../../domain/backtest/run-settings.ts";
import type { CostRow, RunRecord } from "../../wire/tear-sheet/run-record.ts";
import { tearSheet } from "../../wire/tear-sheet/tear-sheet.ts";
import { monotonicMs } from "../clock.ts";
import { openArchivePass, type ArchiveRange } from "./archive-chunks.ts";
import { codeVersionOf, type LoadedStrategy } from "./load-strategy.ts";
import { openTradesFile, REPORT_FILE, SHEET_FILE, writeWhole } from "./run-folder.ts";

export type BacktestJob = {
  readonly name: string;
  readonly range: ArchiveRange;
  readonly settings: RunSettings;
  readonly strategy: LoadedStrategy;
  /** Where the files go. */
  readonly out: string;
};

/** Trying again would not help. */
export class BacktestRefused extends Error {
  override readonly name = "BacktestRefused";
}

export type BacktestHooks = {
  /** Told at most once a chunk. */
  readonly onProgress: (scans: number) => void;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
};

/** What stands in the place of a hash that is known only when all was read. */
const READ_LATER = "";
const HASH_DIGITS = 32;

export async function runBacktest(job: BacktestJob, hooks: BacktestHooks): Promise<RunRecord> {
  const startedMs = monotonicMs();
  const { settings, range } = job;
  const strategy = job.strategy.choice;
  const codeVersion = codeVersionOf(job.strategy);
  const { inputs } = refuseCarried(job);
  const trades = openTradesFile(job.out, inputs);
  const trace = createRunTrace(settings.capital);
  const listener = {
    onTrade: (trade: Parameters<typeof trades.add>[0]) => {
      trades.add(trade);
      traceTrade(trace, trade);
    },
    onDay: (sample: (typeof trace.days)[number]) => trace.days.push(sample),
  };
  const ground = { strategy, codeVersion, dataHash: READ_LATER };
  const runs = COST_FACTORS.map((factor) =>
    startBacktest(describeRun(atCost(settings, factor), ground), factor === 1 ? listener : SILENT),
  );
  const pass = openArchivePass(range, hooks.onProblem);
  try {
    for await (const chunk of pass.chunks()) {
      hooks.signal.throwIfAborted();
      runs.forEach((run, at) => {
        if (COST_FACTORS[at] === 1) feedTraced(trace, run, chunk);
        else feedBacktest(run, chunk);
      });
      hooks.onProgress(pass.counts.scans);
    }
    trades.finish();
  } catch (error) {
    trades.discard();
    throw error;
  }
  if (pass.counts.scans === 0)
    throw new BacktestRefused(`there are no scans in ${describeRange(range)}`);
  const dataHash = pass.dataHash();
  const { report, costs } = reportsOf(runs, dataHash);
  const wallMs = monotonicMs() - startedMs;
  const record: RunRecord = {
    name: job.name,
    archive: range.archive,
    from: range.from,
    to: range.to,
    report,
    costs,
    settings,
    read: pass.counts,
    timing: { wallMs, scansPerS: (pass.counts.scans / wallMs) * 1_000 },
  };
  const pictures = picturesOf(trace, report.trades.byAsset, settings.capital);
  writeWhole(job.out, SHEET_FILE, tearSheet(record, pictures));
  writeWhole(job.out, REPORT_FILE, `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** The report whose hash also stands for the data. */
export function sealed(report: BacktestReport, dataHash: string): BacktestReport {
  const resultHash = createHash("sha256")
    .update(`${report.resultHash} ${dataHash}`)
    .digest("hex")
    .slice(0, HASH_DIGITS);
  return { ...report, resultHash, run: { ...report.run, dataHash } };
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
  }));
  return { report: reports[COST_FACTORS.indexOf(1)]!, costs };
}

/** @throws for a strategy whose scans must bring features: an archive of scans has none. */
function refuseCarried({ strategy, settings }: BacktestJob): {
  readonly inputs: readonly string[];
} {
  const { name, carried, inputs } = strategy.choice.start(settings.parameters);
  if (carried.length === 0) return { inputs };
  throw new BacktestRefused(
    `strategy ${name} needs ${carried.join(", ")} with each scan, and the archive has none of them`,
  );
}
