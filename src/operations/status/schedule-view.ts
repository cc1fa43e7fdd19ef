/**
 * What Temporal says of its schedules: what ran last and how late, what comes next, and how many runs were skipped
 * because they were too old to be made up for when the server was back.
 */
import type { Client, ScheduleDescription } from "@temporalio/client";
import { ScheduleNotFoundError } from "@temporalio/client";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { SCHEDULE_NAMES } from "../../domain/supervision/declared/schedules.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import type { ScheduleRow } from "../../wire/system-status.ts";

/** They change a few times a day, and a status is read each second. */
const KEEPS_MS = 15_000;

/** Asks anew when what it knows is old; rejects as the server does not answer. */
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
  // Settled, not raced: whoever waits for this question waits for every call of it.
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
