/**
 * Entry point of the scan bridge. The pump thread loads its modules while this one reads the
 * configuration: after a death every tenth of a second counts.
 */
import { Worker } from "node:worker_threads";

const PUMP_HEAP_MB = 64;
const PUMP_YOUNG_MB = 8;

const alive = new SharedArrayBuffer(4);
// Tests give a pump of their own, which stops at chosen steps of a commit.
const pump = new Worker(process.argv[2] ?? new URL("./pump-thread.ts", import.meta.url), {
  workerData: alive,
  resourceLimits: { maxOldGenerationSizeMb: PUMP_HEAP_MB, maxYoungGenerationSizeMb: PUMP_YOUNG_MB },
});
const { runBridge } = await import("./bridge-process.ts");
runBridge(pump, new Int32Array(alive));
