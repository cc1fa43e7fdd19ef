/** The thread of a forecast. */
import { workerData } from "node:worker_threads";
import { performInThread } from "../thread-task.ts";
import { wallMs } from "../../adapters/clock.ts";
import { type ForewarnOptions, runForewarn } from "./run-forewarn.ts";

const task: ForewarnOptions = workerData;
await performInThread(() => runForewarn(task, wallMs));
