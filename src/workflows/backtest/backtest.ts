/** One backtest by a batch worker; its result is a reference to the written files. */
import {
  ActivityCancellationType,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from "@temporalio/workflow";
import type { BacktestActivities } from "../../activities/backtest.ts";
import { logicalStartMs } from "../logical-time.ts";
import type { BacktestReference, NothingToRun } from "../messages/backtest.ts";
import { nothingToRun, readBacktestInput } from "./backtest-input.ts";
import { openBatchStatus } from "./batch-status.ts";

const { runBacktestJob } = proxyActivities<BacktestActivities>({
  startToCloseTimeout: "12 hours",
  heartbeatTimeout: "20 seconds",
  retry: { initialInterval: "1 second", maximumInterval: "1 minute", maximumAttempts: 10 },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export async function backtest(raw?: unknown): Promise<BacktestReference | NothingToRun> {
  const { workflowId } = workflowInfo();
  const request = readBacktestInput(raw, { workflowId, startedMs: logicalStartMs() });
  const note = await openBatchStatus();
  note("Running");
  const strategy = request.strategy ?? "the book's strategy";
  setCurrentDetails(`**${strategy}** runs; the activity's heartbeat says how far it is.`);
  try {
    const reference = await runBacktestJob.executeWithOptions(
      { summary: `${strategy} as ${request.name}` },
      [request],
    );
    if (reference === null) {
      const nothing = nothingToRun(request, "there are no scans");
      setCurrentDetails(`Nothing to do: ${nothing.nothing_to_do}.`);
      note("Done");
      return nothing;
    }
    const { scans, trades, folder, total } = reference;
    const percent = (total * 100).toFixed(2);
    setCurrentDetails(
      `${scans} scans, ${trades} trades, ${percent} %. The files are in \`${folder}\`.`,
    );
    note("Done");
    return reference;
  } catch (error) {
    note(isCancellation(error) ? "Cancelled" : "Failed");
    throw error;
  }
}
