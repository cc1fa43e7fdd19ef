/**
 * When a run counts as started. For a run that a schedule started, this is the time that was due: a run that
 * makes up for a missed time, or that a backfill asks for, is about the day of that time, not the day on which it runs.
 */
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";
import { workflowInfo } from "@temporalio/workflow";

/** The search attribute that the server sets. */
const DUE = defineSearchAttributeKey("TemporalScheduledStartTime", SearchAttributeType.DATETIME);

/** Null where no schedule started it. */
export function dueMs(): number | null {
  return workflowInfo().typedSearchAttributes.get(DUE)?.getTime() ?? null;
}

export function logicalStartMs(): number {
  return dueMs() ?? workflowInfo().startTime.getTime();
}
