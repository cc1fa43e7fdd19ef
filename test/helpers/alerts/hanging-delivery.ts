/** Entry of a delivery thread that hangs in its first life, dies in its second, and delivers in its third. */
import { existsSync, writeFileSync } from "node:fs";
import { workerData } from "node:worker_threads";

const lives = ["first", "second"].map((life) => `${workerData.file}.${life}`);
const begun = lives.filter((life) => existsSync(life)).length;
const now = lives[begun];
if (now !== undefined) writeFileSync(now, "");
if (begun === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
if (begun === 1) throw new Error("a bug");
await import("../../../src/services/watchdog/delivery-thread.ts");
