/**
 * The logical start time of a run. For a run started by a schedule this is the time at which it was due: a run that
 * is caught up, or requested by a backfill, concerns the day of that time, not the day on which it runs.
 */
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";
import { workflowInfo } from "@temporalio/workflow";

/** The search attribute that the server sets. */
const DUE = defineSearchAttributeKey("TemporalScheduledStartTime", SearchAttributeType.DATETIME);

/** Null where no schedule started it. */
export function scheduledMs(): number | null {
  return workflowInfo().typedSearchAttributes.get(DUE)?.getTime() ?? null;
}

export function logicalStartMs(): number {
  return scheduledMs() ?? workflowInfo().startTime.getTime();
}
