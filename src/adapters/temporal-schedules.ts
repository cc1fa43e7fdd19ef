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
  dailyInBatch({
    scheduleId: COMPACT_ARCHIVE_SCHEDULE,
    workflowType: COMPACT_ARCHIVE,
    // Yesterday's last files have come by then, shares and slow writers included.
    at: { hour: 0, minute: 20, comment: "daily, after the UTC day is over" },
    overlap: ScheduleOverlapPolicy.SKIP,
    input: {},
    summary: "one file of each finished day's scan files",
  }),
  dailyInBatch({
    scheduleId: PAPER_TRADE_SCHEDULE,
    workflowType: PAPER_TRADE,
    at: { hour: 0, minute: 1, comment: "daily, for the UTC day that has begun" },
    // The day before is settled and replayed first; its run must not cost the next one.
    overlap: ScheduleOverlapPolicy.BUFFER_ONE,
    input: {},
    summary: "a day of paper trading, settled and replayed",
  }),
  dailyInBatch({
    scheduleId: BACKTEST_SCHEDULE,
    workflowType: BACKTEST,
    // After the compaction, so that the days are read from their compacted files.
    at: { hour: 1, minute: 20, comment: "daily, after the compaction" },
    overlap: ScheduleOverlapPolicy.SKIP,
    input: { last_days: 30 },
    summary: "the default strategy over the last 30 days",
  }),
];

function dailyInBatch(daily: {
  readonly scheduleId: string;
  readonly workflowType: string;
  /** UTC. */
  readonly at: { readonly hour: number; readonly minute: number; readonly comment: string };
  readonly overlap: ScheduleOverlapPolicy;
  readonly input: object;
  readonly summary: string;
}): ScheduleOptions {
  return {
    scheduleId: daily.scheduleId,
    spec: { calendars: [daily.at] },
    policies: { overlap: daily.overlap, catchupWindow: "20 hours" },
    action: {
      type: "startWorkflow",
      workflowType: daily.workflowType,
      workflowId: daily.scheduleId,
      taskQueue: taskQueueOf("batch"),
      args: [daily.input],
      typedSearchAttributes: new TypedSearchAttributes([{ key: LAYER, value: "batch" }]),
      staticSummary: daily.summary,
    },
  };
}

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
