/** A forecast for a worker, in a thread of its own: ten thousand futures take a while, and a worker has beats to give. */
import type { ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";
import { runInThread, type TaskHooks } from "../thread-task.ts";
import type { ForewarnOptions } from "./run-forewarn.ts";

export function runForewarnTask(task: ForewarnOptions, hooks: TaskHooks): Promise<ForewarnRecord> {
  return runInThread(new URL("./forewarn-thread.ts", import.meta.url), task, hooks);
}
