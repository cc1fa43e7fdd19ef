/** The thread in which a worker runs one backtest, or one chunk of a sweep. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { BacktestReport } from "../../domain/backtest/report.ts";
import { messageOf } from "../../domain/failure.ts";
import { monotonicMs } from "../clock.ts";
import type { BatchJob, BatchNews, BatchReference, BatchResults, BatchTask } from "./batch-task.ts";
import { countScansAbout } from "./count-scans.ts";
import { loadStrategy } from "./load-strategy.ts";
import { BacktestRefused, runBacktest, type BacktestHooks } from "./run-backtest.ts";
import { REPORT_FILE } from "./run-folder.ts";
import { SWEEP_FILE } from "./sweep/conclude-sweep.ts";
import { concludeChunks, runSweepChunk } from "./sweep/sweep-chunk.ts";
import { planSweep } from "./sweep/sweep-plan.ts";

/** A beat is worth no more than this of a thread that computes. */
const PROGRESS_EVERY_MS = 250;
/** As much as a death may cost. */
const CHECKPOINT_EVERY_MS = 5_000;

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread");
const tell = (news: BatchNews): void => port.postMessage(news);

try {
  tell({ kind: "done", result: await perform(workerData) });
} catch (error) {
  tell({
    kind: "failed",
    message: messageOf(error),
    isRefused: error instanceof BacktestRefused,
  });
}

async function perform(task: BatchTask): Promise<BatchResults[keyof BatchResults]> {
  const { job } = task;
  const strategy = await strategyOf(job);
  const hooks = hooksOf(job);
  switch (task.kind) {
    case "run": {
      const attempt = { id: task.attempt, checkpointEveryMs: CHECKPOINT_EVERY_MS };
      const { report } = await runBacktest({ ...task.job, strategy, attempt }, hooks);
      return referenceOf(job, REPORT_FILE, report);
    }
    case "plan":
      return planSweep({ ...task.job, strategy }).trials.length;
    case "chunk":
      return runSweepChunk({ ...task.job, strategy }, task.place, hooks);
    case "conclude": {
      const record = await concludeChunks(
        { ...task.job, strategy },
        { chunks: task.chunks, hooks },
      );
      const { resultHash } = record;
      return { ...referenceOf(job, SWEEP_FILE, record.best.report), resultHash };
    }
  }
}

async function strategyOf({ strategy, settings }: BatchJob) {
  try {
    const loaded = await loadStrategy(strategy);
    loaded.choice.start(settings.parameters);
    return loaded;
  } catch (error) {
    throw new BacktestRefused(messageOf(error));
  }
}

function hooksOf({ range }: BatchJob): BacktestHooks {
  const total = countScansAbout(range);
  let toldMs = -Infinity;
  return {
    onProgress(scans) {
      const nowMs = monotonicMs();
      if (nowMs - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = nowMs;
      tell({ kind: "progress", scans, total });
    },
    onProblem: (problem) => tell({ kind: "problem", problem }),
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
