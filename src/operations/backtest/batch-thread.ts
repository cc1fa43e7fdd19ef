/** The thread in which a worker runs one backtest, or one chunk of a sweep. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { workerData } from "node:worker_threads";
import type { BacktestReport } from "../../domain/backtest/report.ts";
import { messageOf } from "../../domain/failure.ts";
import { runOfBook } from "../../wire/backtest/book-run.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import type { BatchJob, BatchReference, BatchResults, BatchTask } from "./batch-task.ts";
import { performInThread, tellOfTask } from "../thread-task.ts";
import { countScansAbout } from "./count-scans.ts";
import { loadStrategy } from "../../adapters/strategy-file/load-strategy.ts";
import { BacktestRefused, NothingToRunOn } from "./backtest-refused.ts";
import { runBacktest, type BacktestHooks } from "./run-backtest.ts";
import { REPORT_FILE } from "./run-folder.ts";
import { SWEEP_FILE } from "./sweep/conclude-sweep.ts";
import { concludeChunks, runSweepChunk } from "./sweep/sweep-chunk.ts";
import { planSweep } from "./sweep/sweep-plan.ts";

/** Progress is reported at most this often, because it costs time in a computing thread. */
const PROGRESS_EVERY_MS = 250;
/** The most work that a crash may lose. */
const CHECKPOINT_EVERY_MS = 5_000;

await performInThread(() => perform(workerData));

async function perform(task: BatchTask): Promise<BatchResults[keyof BatchResults]> {
  const { job } = task;
  const run = await runOf(job);
  const hooks = hooksOf(job);
  switch (task.kind) {
    case "run": {
      const attempt = { id: task.attempt, checkpointEveryMs: CHECKPOINT_EVERY_MS };
      const record = await unlessNothing(job, () =>
        runBacktest({ ...task.job, ...run, attempt }, hooks),
      );
      return record === null ? null : referenceOf(job, REPORT_FILE, record.report);
    }
    case "plan":
      if (job.isRolling && countScansAbout(job.range) === 0) return 0;
      return (
        (await unlessNothing(job, () => planSweep({ ...task.job, ...run })))?.trials.count ?? 0
      );
    case "chunk":
      return runSweepChunk({ ...task.job, ...run }, task.place, hooks);
    case "conclude": {
      const record = await concludeChunks({ ...task.job, ...run }, { chunks: task.chunks, hooks });
      const { resultHash } = record;
      return { ...referenceOf(job, SWEEP_FILE, record.best.report), resultHash };
    }
  }
}

async function unlessNothing<T>(
  { isRolling }: BatchJob,
  make: () => T | Promise<T>,
): Promise<T | null> {
  try {
    return await make();
  } catch (error) {
    if (isRolling && error instanceof NothingToRunOn) return null;
    throw error;
  }
}

async function runOf({ book, asked, strategy: named }: BatchJob) {
  try {
    const strategy = await loadStrategy(named ?? book.strategy);
    const { settings, differsFromBook } = runOfBook(book, asked, strategy);
    return { strategy, settings, differsFromBook };
  } catch (error) {
    throw new BacktestRefused(messageOf(error));
  }
}

function hooksOf({ range }: BatchJob): BacktestHooks {
  const total = countScansAbout(range);
  let reportedMs = -Infinity;
  return {
    onProgress(scans) {
      const nowMs = monotonicMs();
      if (nowMs - reportedMs < PROGRESS_EVERY_MS) return;
      reportedMs = nowMs;
      tellOfTask({ kind: "progress", scans, total });
    },
    onProblem: (problem) => tellOfTask({ kind: "problem", problem }),
    // The thread is ended from outside.
    signal: new AbortController().signal,
  };
}

function referenceOf(job: BatchJob, name: string, report: BacktestReport): BatchReference {
  const file = join(job.out, name);
  return {
    name: job.name,
    folder: job.out,
    file,
    sha256: createHash("sha256").update(readFileSync(file)).digest("hex"),
    resultHash: report.resultHash,
    scans: report.run.scans,
    total: report.returns.total,
    trades: report.trades.count,
  };
}
