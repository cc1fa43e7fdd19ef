/**
 * A sweep over all batch workers: a bounded number of lanes, each taking the next chunk of trials. Finished chunks
 * are in their files and in this history; after a worker's death only its own chunks are repeated.
 */
import {
  ActivityCancellationType,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { BacktestActivities } from "../../activities/backtest.ts";
import {
  progressQuery,
  type BacktestReference,
  type NothingToRun,
  type SweepProgress,
} from "../messages/backtest.ts";
import { logicalStartMs } from "../logical-time.ts";
import { nothingToRun, readSweepInput } from "./backtest-input.ts";
import { openBatchStatus } from "./batch-status.ts";

/** Their references are passed to one activity. */
const CHUNKS_MAX = 1_000;

const { planBacktestSweep, runBacktestChunk, concludeBacktestSweep } =
  proxyActivities<BacktestActivities>({
    startToCloseTimeout: "12 hours",
    heartbeatTimeout: "20 seconds",
    retry: { initialInterval: "1 second", maximumInterval: "1 minute", maximumAttempts: 10 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

export async function backtestSweep(raw?: unknown): Promise<BacktestReference | NothingToRun> {
  const { workflowId, runId } = workflowInfo();
  const order = readSweepInput(raw, { workflowId, startedMs: logicalStartMs() });
  const { request } = order;
  let progress: SweepProgress = {
    chunks: 0,
    chunks_total: 0,
    trials: 0,
    trials_total: 0,
    seconds_left: null,
  };
  setHandler(progressQuery, () => progress, { description: "how many chunks are done" });
  const note = await openBatchStatus();
  note("Running");
  try {
    const trials = await planBacktestSweep(request);
    if (trials === 0) {
      const nothing = nothingToRun(request, "there are no scans, or too few days to walk through,");
      setCurrentDetails(`Nothing to do: ${nothing.nothing_to_do}.`);
      note("Done");
      return nothing;
    }
    const size = Math.max(order.chunkTrials, Math.ceil(trials / CHUNKS_MAX));
    const places = Array.from({ length: Math.ceil(trials / size) }, (_, index) => ({
      run: runId,
      index,
      from: index * size,
      to: Math.min(trials, (index + 1) * size),
    }));
    progress = { ...progress, chunks_total: places.length, trials_total: trials };
    const startedMs = Date.now();
    const chunks: Awaited<ReturnType<typeof runBacktestChunk>>[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let place = places[next++]; place !== undefined; place = places[next++]) {
        const summary = `trials ${place.from + 1} to ${place.to} of ${trials}`;
        chunks[place.index] = await runBacktestChunk.executeWithOptions({ summary }, [
          request,
          place,
        ]);
        const done = progress.chunks + 1;
        const left = ((Date.now() - startedMs) / done) * (places.length - done);
        progress = {
          ...progress,
          chunks: done,
          trials: progress.trials + place.to - place.from,
          seconds_left: Math.round(left / 1_000),
        };
        setCurrentDetails(detailsOf(progress));
      }
    };
    await Promise.all(Array.from({ length: order.lanes }, lane));
    const reference = await concludeBacktestSweep(request, chunks);
    setCurrentDetails(`${trials} trials are done. The files are in \`${reference.folder}\`.`);
    note("Done");
    return reference;
  } catch (error) {
    note(isCancellation(error) ? "Cancelled" : "Failed");
    throw error;
  }
}

function detailsOf({
  chunks,
  chunks_total,
  trials,
  trials_total,
  seconds_left,
}: SweepProgress): string {
  return `**${chunks} of ${chunks_total}** chunks, ${trials} of ${trials_total} trials; about ${seconds_left ?? "?"} s left.`;
}
