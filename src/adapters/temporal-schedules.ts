/** The schedules that Temporal keeps for us: made once, and left as an operator set them. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from "@temporalio/client";
import type { ScheduleOptions } from "@temporalio/client";
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from "@temporalio/common";
import {
  BACKTEST,
  BACKTEST_SCHEDULE,
  COMPACT_ARCHIVE,
  COMPACT_ARCHIVE_SCHEDULE,
  PAPER_TRADE,
  PAPER_TRADE_SCHEDULE,
  taskQueueOf,
} from "../workflows/names.ts";
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
  {
    scheduleId: PAPER_TRADE_SCHEDULE,
    spec: { calendars: [{ hour: 0, minute: 1, comment: "daily, for the UTC day that has begun" }] },
    // The day before is settled and replayed first; its run must not cost the next one.
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: "20 hours" },
    action: {
      type: "startWorkflow",
      workflowType: PAPER_TRADE,
      workflowId: PAPER_TRADE_SCHEDULE,
      taskQueue: taskQueueOf("batch"),
      args: [{}],
      typedSearchAttributes: new TypedSearchAttributes([{ key: LAYER, value: "batch" }]),
      staticSummary: "a day of paper trading, settled and replayed",
    },
  },
  {
    scheduleId: BACKTEST_SCHEDULE,
    // After the compaction, so that the days are read from their compacted files.
    spec: { calendars: [{ hour: 1, minute: 20, comment: "daily, after the compaction" }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: "20 hours" },
    action: {
      type: "startWorkflow",
      workflowType: BACKTEST,
      workflowId: BACKTEST_SCHEDULE,
      taskQueue: taskQueueOf("batch"),
      args: [{ last_days: 30 }],
      typedSearchAttributes: new TypedSearchAttributes([{ key: LAYER, value: "batch" }]),
      staticSummary: "the default strategy over the last 30 days",
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
