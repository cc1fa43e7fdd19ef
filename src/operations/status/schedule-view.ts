/**
 * The schedules as Temporal reports them: the last run and its delay, the next run, and how many runs were skipped
 * because they were too old when the server came back.
 */
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../../adapters/clock.ts";
import {
  isPastDeadline,
  type ScheduleDescription,
  type TemporalReads,
} from "../../adapters/temporal/temporal-reads.ts";
import { SCHEDULE_NAMES } from "../../domain/supervision/declared/schedules.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import type { ScheduleRow } from "../../wire/system-status.ts";

/** They change a few times a day, but a status is read each second. */
const KEEPS_MS = 15_000;
/** A server under load describes a workflow in time, but not a schedule, which its own worker must answer for. */
const SLOW_MS_MAX = 60_000;
/** Below what a status waits for an answer. */
const PATIENCE_MS = 200;

type Known = ReadonlyMap<string, { readonly row: ScheduleRow | null; readonly atMs: number }>;

/**
 * Asks again for what is old. While the server is slow, what it described within the last minute counts, so that each
 * call adds what was answered in time. Rejects while the server refuses, or has not described every schedule within a minute.
 */
export function createScheduleView(
  reads: Pick<TemporalReads, "schedule">,
  nowMs: () => number = monotonicMs,
): () => Promise<readonly ScheduleRow[]> {
  let known: Known = new Map();
  let asking: Promise<readonly ScheduleRow[]> | null = null;
  const olderThan = (ms: number) =>
    SCHEDULE_NAMES.filter((name) => (known.get(name)?.atMs ?? -Infinity) + ms <= nowMs());
  const rows = () => SCHEDULE_NAMES.flatMap((name) => known.get(name)?.row ?? []);
  const refresh = async () => {
    const names = olderThan(KEEPS_MS);
    // Settled, not raced, so that the caller waits for every call.
    const found = await Promise.allSettled(names.map((name) => reads.schedule(name)));
    const atMs = nowMs();
    const next = new Map(known);
    for (const [index, one] of found.entries()) {
      if (one.status === "rejected") continue;
      const name = names[index]!;
      next.set(name, { row: one.value && scheduleRow(name, one.value), atMs });
    }
    known = next;
    const isTooOld = olderThan(SLOW_MS_MAX).length > 0;
    for (const one of found) {
      if (one.status === "rejected" && (isTooOld || !isPastDeadline(one.reason))) throw one.reason;
    }
    return rows();
  };
  return async () => {
    if (olderThan(KEEPS_MS).length === 0) return rows();
    asking ??= refresh().finally(() => {
      asking = null;
    });
    if (olderThan(SLOW_MS_MAX).length > 0) return asking;
    return Promise.race([asking, delay(PATIENCE_MS).then(rows)]);
  };
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
