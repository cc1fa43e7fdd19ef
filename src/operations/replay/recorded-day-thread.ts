/** The thread in which a worker replays a recorded day, or measures its drift. */
import { workerData } from "node:worker_threads";
import { dayReplayJson } from "../../wire/session/day-replay.ts";
import { performInThread, tellOfTask } from "../thread-task.ts";
import { driftOfRecordedDay, replayRecordedDay } from "./recorded-day.ts";
import type { RecordedDayResults, RecordedDayTask } from "./recorded-day-task.ts";

await performInThread(() => perform(workerData));

async function perform(
  task: RecordedDayTask,
): Promise<RecordedDayResults[keyof RecordedDayResults]> {
  if (task.kind === "replay") return dayReplayJson(await replayRecordedDay(task));
  return driftOfRecordedDay(task, (problem) => tellOfTask({ kind: "problem", problem }));
}
