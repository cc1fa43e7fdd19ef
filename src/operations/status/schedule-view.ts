/**
 * The schedules as Temporal reports them: the last run and its delay, the next run, and how many runs were skipped
 * because they were too old when the server came back.
 */
import type { Client, ScheduleDescription } from "@temporalio/client";
import { ScheduleNotFoundError } from "@temporalio/client";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { SCHEDULE_NAMES } from "../../domain/supervision/declared/schedules.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import type { ScheduleRow } from "../../wire/system-status.ts";

/** They change a few times a day, but a status is read each second. */
const KEEPS_MS = 15_000;

/** Asks again when its data is old; rejects while the server does not answer. */
export function createScheduleView(
  client: Client,
  deadlineMs: number,
): () => Promise<readonly ScheduleRow[]> {
  let known: { readonly rows: readonly ScheduleRow[]; readonly atMs: number } | null = null;
  return async () => {
    if (known !== null && monotonicMs() - known.atMs < KEEPS_MS) return known.rows;
    const rows = await client.withDeadline(wallMs() + deadlineMs, () => readSchedules(client));
    known = { rows, atMs: monotonicMs() };
    return rows;
  };
}

async function readSchedules(client: Client): Promise<readonly ScheduleRow[]> {
  // Settled, not raced, so that the caller waits for every call.
  const found = await Promise.allSettled(
    SCHEDULE_NAMES.map((name) => client.schedule.getHandle(name).describe()),
  );
  return found.flatMap((one) => {
    if (one.status === "fulfilled") return [scheduleRow(one.value)];
    if (one.reason instanceof ScheduleNotFoundError) return [];
    throw one.reason;
  });
}

type Described = Pick<ScheduleDescription, "scheduleId"> & {
  readonly state: Pick<ScheduleDescription["state"], "paused" | "note">;
  readonly info: Pick<
    ScheduleDescription["info"],
    | "recentActions"
    | "nextActionTimes"
    | "numActionsMissedCatchupWindow"
    | "numActionsSkippedOverlap"
  >;
};

export function scheduleRow({ scheduleId, state, info }: Described): ScheduleRow {
  const last = info.recentActions.at(-1);
  const lateMs = last === undefined ? null : last.takenAt.getTime() - last.scheduledAt.getTime();
  const next = state.paused ? undefined : info.nextActionTimes[0];
  return {
    schedule: scheduleId,
    paused: state.paused ? (state.note ?? "no reason is given") : null,
    last_due_at: last === undefined ? null : isoFromMs(last.scheduledAt.getTime()),
    last_late_s: lateMs === null ? null : Math.max(0, Math.round(lateMs / MS_PER_SECOND)),
    next_at: next === undefined ? null : isoFromMs(next.getTime()),
    schedule_skipped: info.numActionsMissedCatchupWindow,
    overlap_skipped: info.numActionsSkippedOverlap,
  };
}
