/**
 * A forecast for a worker, in its own thread: ten thousand paths take a while, and the worker has to send heartbeats.
 */
import type { ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";
import { runInThread, type TaskHooks } from "../thread-task.ts";
import type { ForewarnOptions } from "./run-forewarn.ts";

export function runForewarnTask(task: ForewarnOptions, hooks: TaskHooks): Promise<ForewarnRecord> {
  return runInThread(new URL("./forewarn-thread.ts", import.meta.url), task, hooks);
}
