/**
 * A forecast for a worker, in its own thread: ten thousand paths take a while, and the worker has to send heartbeats.
 */
import { runInThread, type TaskHooks } from "../thread-task.ts";
import type { ForewarnOptions, StoredForecast } from "./run-forewarn.ts";

export function runForewarnTask(task: ForewarnOptions, hooks: TaskHooks): Promise<StoredForecast> {
  return runInThread(new URL("./forewarn-thread.ts", import.meta.url), task, hooks);
}
