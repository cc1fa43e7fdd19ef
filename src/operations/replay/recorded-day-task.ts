/**
 * Replay and drift of a recorded day for a worker, in a thread of their own, so that a long day delays no heartbeat.
 */
import type { DayDrift } from "../../wire/session/day-drift.ts";
import type { DayReplayJson } from "../../wire/session/day-replay.ts";
import { runInThread, type TaskHooks } from "../thread-task.ts";
import type { DayToReplay } from "./recorded-day.ts";

export type RecordedDayTask = DayToReplay & { readonly kind: keyof RecordedDayResults };

export type RecordedDayResults = { readonly replay: DayReplayJson; readonly drift: DayDrift };

export function runRecordedDayTask<K extends keyof RecordedDayResults>(
  task: DayToReplay & { readonly kind: K },
  hooks: TaskHooks,
): Promise<RecordedDayResults[K]> {
  const { kind, book, day, settings } = task;
  const { archive, data_dir, green, trader } = settings;
  // Only this part of the configuration is passed to another thread.
  const plain: RecordedDayTask = {
    kind,
    book,
    day,
    settings: { archive, data_dir, green, trader },
  };
  return runInThread(new URL("./recorded-day-thread.ts", import.meta.url), plain, hooks);
}
