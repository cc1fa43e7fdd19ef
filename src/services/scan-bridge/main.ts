/**
 * Entry point of the scan bridge. The pump thread loads its modules while the main thread reads the configuration,
 * because after a crash every tenth of a second counts.
 */
import { Worker } from "node:worker_threads";
import { THREAD_CODE_MB } from "../../domain/supervision/thread-code.ts";

const PUMP_HEAP_MB = 64;
const PUMP_YOUNG_MB = 8;

const alive = new SharedArrayBuffer(4);
// Tests pass another pump thread, which stops at chosen steps of a commit.
const pump = new Worker(process.argv[2] ?? new URL("./pump-thread.ts", import.meta.url), {
  workerData: alive,
  resourceLimits: {
    codeRangeSizeMb: THREAD_CODE_MB,
    maxOldGenerationSizeMb: PUMP_HEAP_MB,
    maxYoungGenerationSizeMb: PUMP_YOUNG_MB,
  },
});
const { runBridge } = await import("./bridge-process.ts");
await runBridge(pump, new Int32Array(alive));
