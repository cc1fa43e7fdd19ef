/**
 * The activities of backtests. Idempotent by the folder of a run and by the file of a sweep's chunk: a second attempt
 * writes the same bytes, or finds them. Results are references; data stays on disk.
 */
import { Context, heartbeat } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type {
  BatchHooks,
  BatchReference,
  BatchResults,
  BatchTask,
} from "../operations/backtest/batch-task.ts";
import type { ChunkPlace, ChunkReference } from "../operations/backtest/sweep/sweep-chunk.ts";
import { monotonicMs } from "../adapters/clock.ts";
import type { BookSection } from "../wire/configuration.ts";
import type { BacktestRequest, SweepRequest } from "../workflows/messages/backtest.ts";

export type BacktestWorld = {
  readonly perform: <K extends keyof BatchResults>(
    task: Extract<BatchTask, { readonly kind: K }>,
    hooks: BatchHooks,
  ) => Promise<BatchResults[K]>;
  /** This machine's archive and folder, where the request names none. */
  readonly placeOf: (request: BacktestRequest) => {
    readonly archive: string;
    readonly out: string;
    /** The store of indicator readings; absent: none. */
    readonly readings?: string;
    /** The folder of recorded order books; absent: none. */
    readonly books?: string;
  };
  /** The configuration of this machine's trader. */
  readonly bookOf: () => BookSection;
  readonly hasSearchAttributes: () => Promise<boolean>;
};

const BEAT_MS = 2_000;
const MS_PER_S = 1_000;

export function createBacktestActivities(world: BacktestWorld) {
  const jobOf = (request: BacktestRequest) => {
    const { name, asked, strategy, from, to, isRolling, acceptDisorder } = request;
    const { archive, out, readings = null, books = null } = world.placeOf(request);
    const range = { archive, from, to, acceptDisorder, readings, books };
    return { name, asked, strategy, out, isRolling, book: world.bookOf(), range };
  };
  const sweepOf = (request: SweepRequest) => {
    const { axes, walkForward } = request;
    return { ...jobOf(request), axes, walkForward };
  };
  return {
    describeBatch: async (): Promise<{ readonly hasSearchAttributes: boolean }> => ({
      hasSearchAttributes: await world.hasSearchAttributes(),
    }),

    runBacktestJob: (request: BacktestRequest): Promise<BatchReference | null> =>
      beating((hooks) => {
        const { workflowExecution, activityId } = Context.current().info;
        const attempt = workflowExecution?.runId ?? activityId;
        return world.perform<"run">({ kind: "run", job: jobOf(request), attempt }, hooks);
      }),

    planBacktestSweep: (request: SweepRequest): Promise<number> =>
      beating((hooks) => world.perform<"plan">({ kind: "plan", job: sweepOf(request) }, hooks)),

    runBacktestChunk: (request: SweepRequest, place: ChunkPlace): Promise<ChunkReference> =>
      beating((hooks) =>
        world.perform<"chunk">({ kind: "chunk", job: sweepOf(request), place }, hooks),
      ),

    concludeBacktestSweep: (
      request: SweepRequest,
      chunks: readonly ChunkReference[],
    ): Promise<BatchReference> =>
      beating((hooks) =>
        world.perform<"conclude">({ kind: "conclude", job: sweepOf(request), chunks }, hooks),
      ),
  };
}

export type BacktestActivities = ReturnType<typeof createBacktestActivities>;

/** Heartbeats with the progress for the Web UI: how far, how fast, remaining time. */
async function beating<T>(perform: (hooks: BatchHooks) => Promise<T>): Promise<T> {
  const { cancellationSignal, log } = Context.current();
  const startedMs = monotonicMs();
  /** The progress of an earlier attempt. */
  let before: number | null = null;
  let details: Readonly<Record<string, number | null>> = { scans: 0 };
  const timer = setInterval(() => heartbeat(details), BEAT_MS);
  try {
    return await perform({
      onProgress(scans, total) {
        before ??= scans;
        const perS = ((scans - before) * MS_PER_S) / (monotonicMs() - startedMs);
        details = {
          scans,
          scans_total: total,
          scans_per_s: Math.round(perS),
          seconds_left: 0 < perS ? Math.round(Math.max(0, total - scans) / perS) : null,
        };
        heartbeat(details);
      },
      onProblem: (problem) => log.warn(problem),
      signal: cancellationSignal,
    });
  } catch (error) {
    // The SDK's own reason ends the activity as cancelled.
    if (cancellationSignal.aborted) throw cancellationSignal.reason;
    if (error instanceof Error && error.name === "BacktestRefused") {
      throw ApplicationFailure.nonRetryable(error.message, error.name);
    }
    throw error;
  } finally {
    clearInterval(timer);
  }
}
