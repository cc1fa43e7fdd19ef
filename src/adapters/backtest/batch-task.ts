/**
 * Backtests for a worker: each in a thread of its own, because a worker's main thread has beats to
 * give. Only plain values cross.
 */
import { Worker } from "node:worker_threads";
import type { RunSettings } from "../../domain/backtest/run-settings.ts";
import type { GridAxis } from "../../domain/backtest/parameter-grid.ts";
import type { ArchiveRange } from "./archive-chunks.ts";
import { BacktestRefused } from "./run-backtest.ts";
import type { ChunkPlace, ChunkReference } from "./sweep/sweep-chunk.ts";

export type BatchJob = {
  readonly name: string;
  readonly range: ArchiveRange;
  readonly settings: RunSettings;
  /** A built-in strategy's name, or a file. */
  readonly strategy: string;
  readonly out: string;
};

export type BatchSweep = BatchJob & {
  readonly axes: readonly GridAxis[];
  readonly walkForward: { readonly trainDays: number; readonly testDays: number } | null;
};

/** A result by reference: where it lies, and what its bytes must hash to. */
export type BatchReference = {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly sha256: string;
  readonly resultHash: string;
  readonly scans: number;
  /** Of the run, or of the sweep's best set. */
  readonly total: number;
  readonly trades: number;
};

export type BatchTask =
  /** `attempt`: another task of it goes on where this one may end. */
  | { readonly kind: "run"; readonly job: BatchJob; readonly attempt: string }
  | { readonly kind: "plan"; readonly job: BatchSweep }
  | { readonly kind: "chunk"; readonly job: BatchSweep; readonly place: ChunkPlace }
  | {
      readonly kind: "conclude";
      readonly job: BatchSweep;
      readonly chunks: readonly ChunkReference[];
    };

export type BatchResults = {
  readonly run: BatchReference;
  /** How many trials the sweep has. */
  readonly plan: number;
  readonly chunk: ChunkReference;
  readonly conclude: BatchReference;
};

export type BatchNews =
  | { readonly kind: "progress"; readonly scans: number; readonly total: number }
  | { readonly kind: "problem"; readonly problem: string }
  | { readonly kind: "done"; readonly result: BatchResults[keyof BatchResults] }
  | { readonly kind: "failed"; readonly message: string; readonly isRefused: boolean };

export type BatchHooks = {
  readonly onProgress: (scans: number, total: number) => void;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
};

/** @throws {BacktestRefused} where trying again would not help. */
export async function runBatchTask<K extends keyof BatchResults>(
  task: Extract<BatchTask, { readonly kind: K }>,
  hooks: BatchHooks,
): Promise<BatchResults[K]> {
  const { promise, resolve, reject } = Promise.withResolvers<BatchResults[K]>();
  const worker = new Worker(new URL("./batch-thread.ts", import.meta.url), { workerData: task });
  worker.on("message", (news: BatchNews) => {
    switch (news.kind) {
      case "progress":
        hooks.onProgress(news.scans, news.total);
        return;
      case "problem":
        hooks.onProblem(news.problem);
        return;
      case "done":
        // The thread answers a task of a kind with that kind's result.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- said above
        resolve(news.result as BatchResults[K]);
        return;
      case "failed":
        reject(news.isRefused ? new BacktestRefused(news.message) : new Error(news.message));
        return;
    }
  });
  worker.on("error", reject);
  worker.on("exit", (code) => reject(new Error(`the backtest's thread ended early (${code})`)));
  const stop = (): void => {
    reject(hooks.signal.reason);
  };
  hooks.signal.addEventListener("abort", stop, { once: true });
  if (hooks.signal.aborted) stop();
  try {
    return await promise;
  } finally {
    hooks.signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
