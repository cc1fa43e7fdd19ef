/**
 * The schedules as Temporal reports them: the last run and its delay, the next run, and how many runs were skipped
 * because they were too old when the server came back.
 */
import { monotonicMs } from "../../adapters/clock.ts";
import type { ScheduleDescription, TemporalReads } from "../../adapters/temporal/temporal-reads.ts";
import { SCHEDULE_NAMES } from "../../domain/supervision/declared/schedules.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import type { ScheduleRow } from "../../wire/system-status.ts";

/** They change a few times a day, but a status is read each second. */
const KEEPS_MS = 15_000;

/** Asks again when its data is old; rejects while the server does not answer. */
export function createScheduleView(
  reads: Pick<TemporalReads, "schedule">,
): () => Promise<readonly ScheduleRow[]> {
  let known: { readonly rows: readonly ScheduleRow[]; readonly atMs: number } | null = null;
  return async () => {
    if (known !== null && monotonicMs() - known.atMs < KEEPS_MS) return known.rows;
    const rows = await readSchedules(reads);
    known = { rows, atMs: monotonicMs() };
    return rows;
  };
}

async function readSchedules(
  reads: Pick<TemporalReads, "schedule">,
): Promise<readonly ScheduleRow[]> {
  // Settled, not raced, so that the caller waits for every call.
  const found = await Promise.allSettled(SCHEDULE_NAMES.map((name) => reads.schedule(name)));
  return found.flatMap((one, index) => {
    if (one.status === "rejected") throw one.reason;
    return one.value === null ? [] : [scheduleRow(SCHEDULE_NAMES[index]!, one.value)];
  });
}

export function scheduleRow(name: string, described: ScheduleDescription): ScheduleRow {
  const { isPaused, note, last, nextMs, missed, overlapped } = described;
  const lateMs = last === null ? null : last.takenMs - last.dueMs;
  return {
    schedule: name,
    paused: isPaused ? note || "no reason is given" : null,
    last_due_at: last === null ? null : isoFromMs(last.dueMs),
    last_late_s: lateMs === null ? null : Math.max(0, Math.round(lateMs / MS_PER_SECOND)),
    next_at: isPaused || nextMs === null ? null : isoFromMs(nextMs),
    schedule_skipped: missed,
    overlap_skipped: overlapped,
  };
}
