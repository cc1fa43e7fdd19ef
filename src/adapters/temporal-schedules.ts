/** The schedules that Temporal keeps for us: made once, and left as an operator set them. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from "@temporalio/client";
import type { ScheduleOptions } from "@temporalio/client";
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from "@temporalio/common";
import { COMPACT_ARCHIVE, COMPACT_ARCHIVE_SCHEDULE, taskQueueOf } from "../workflows/names.ts";
import type { TemporalClient } from "./temporal-client.ts";

const LAYER = defineSearchAttributeKey("DolphinLayer", SearchAttributeType.KEYWORD);

export const SCHEDULES: readonly ScheduleOptions[] = [
  {
    scheduleId: COMPACT_ARCHIVE_SCHEDULE,
    // Yesterday's last files have come by then, shares and slow writers included.
    spec: { calendars: [{ hour: 0, minute: 20, comment: "daily, after the UTC day is over" }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: "20 hours" },
    action: {
      type: "startWorkflow",
      workflowType: COMPACT_ARCHIVE,
      workflowId: COMPACT_ARCHIVE_SCHEDULE,
      taskQueue: taskQueueOf("batch"),
      args: [{}],
      typedSearchAttributes: new TypedSearchAttributes([{ key: LAYER, value: "batch" }]),
      staticSummary: "one file of each finished day's scan files",
    },
  },
];

/** Idempotent; false when it was there. */
export async function createSchedule(
  { client }: TemporalClient,
  schedule: ScheduleOptions,
): Promise<boolean> {
  try {
    await client.schedule.create(schedule);
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}
