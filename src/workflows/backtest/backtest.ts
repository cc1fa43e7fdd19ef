/** One backtest by a batch worker; its result is a reference to the files that it left. */
import {
  ActivityCancellationType,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from "@temporalio/workflow";
import type { BacktestActivities } from "../../activities/backtest.ts";
import type { BacktestReference } from "../messages.ts";
import { readBacktestInput } from "./backtest-input.ts";
import { openBatchStatus } from "./batch-status.ts";

const { runBacktestJob } = proxyActivities<BacktestActivities>({
  startToCloseTimeout: "12 hours",
  heartbeatTimeout: "20 seconds",
  retry: { initialInterval: "1 second", maximumInterval: "1 minute", maximumAttempts: 10 },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export async function backtest(raw?: unknown): Promise<BacktestReference> {
  const { workflowId, startTime } = workflowInfo();
  const request = readBacktestInput(raw, { workflowId, startedMs: startTime.getTime() });
  const note = await openBatchStatus();
  note("Running");
  setCurrentDetails(`**${request.strategy}** runs; the activity's heartbeat says how far it is.`);
  try {
    const reference = await runBacktestJob.executeWithOptions(
      { summary: `${request.strategy} as ${request.name}` },
      [request],
    );
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
