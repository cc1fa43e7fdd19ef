/** Backtests for a worker, as tasks for threads. */
import type { GridAxis } from "../../domain/backtest/sweep/parameter-grid.ts";
import type { AskedOfRun } from "../../wire/backtest/book-run.ts";
import type { BookSection } from "../../wire/configuration.ts";
import type { ArchiveRange } from "./archive-chunks.ts";
import { runInThread, type TaskHooks } from "../thread-task.ts";
import type { ChunkPlace, ChunkReference } from "./sweep/sweep-chunk.ts";

export type BatchJob = {
  readonly name: string;
  readonly range: ArchiveRange;
  /** The range depends on the day of the run, so an empty range means that there is nothing to do. */
  readonly isRolling: boolean;
  /** The book's section, and the run's changes to it. */
  readonly book: BookSection;
  readonly asked: AskedOfRun;
  /** A built-in strategy's name, or a file; null: the book's. */
  readonly strategy: string | null;
  readonly out: string;
};

export type BatchSweep = BatchJob & {
  readonly axes: readonly GridAxis[];
  readonly walkForward: { readonly trainDays: number; readonly testDays: number } | null;
};

/** A result by reference: its path, and the hash of its content. */
export type BatchReference = {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly sha256: string;
  readonly resultHash: string;
  readonly scans: number;
  /** The total return of the run, or of the sweep's best set. */
  readonly total: number;
  readonly trades: number;
};

export type BatchTask =
  /** `attempt`: another task of it continues where this one ends. */
  | { readonly kind: "run"; readonly job: BatchJob; readonly attempt: string }
  | { readonly kind: "plan"; readonly job: BatchSweep }
  | { readonly kind: "chunk"; readonly job: BatchSweep; readonly place: ChunkPlace }
  | {
      readonly kind: "conclude";
      readonly job: BatchSweep;
      readonly chunks: readonly ChunkReference[];
    };

export type BatchResults = {
  /** Null when there is nothing to do. */
  readonly run: BatchReference | null;
  /** Number of the sweep's trials; 0 when there is nothing to do. */
  readonly plan: number;
  readonly chunk: ChunkReference;
  readonly conclude: BatchReference;
};

export type BatchHooks = Required<TaskHooks>;

/** @throws {Error} named BacktestRefused where trying again would not help. */
export function runBatchTask<K extends keyof BatchResults>(
  task: Extract<BatchTask, { readonly kind: K }>,
  hooks: BatchHooks,
): Promise<BatchResults[K]> {
  return runInThread(new URL("./batch-thread.ts", import.meta.url), task, hooks);
}
