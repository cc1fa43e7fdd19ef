/**
 * The bridge's real pump, which sends its own process a signal at a chosen step of the protocol: TEST_STEP names the
 * step, TEST_TIMES the number of the occurrence, TEST_SIGNAL the signal. If TEST_ARMED names a file, only occurrences
 * while that file exists count: on a slow machine a batch may arrive in parts.
 */
import { existsSync } from "node:fs";
import type { CommitStep } from "../../src/services/scan-bridge/commit/commit.ts";
import { runPump } from "../../src/services/scan-bridge/pump-wiring.ts";

const wanted = process.env["TEST_STEP"];
const armed = process.env["TEST_ARMED"];
let left = Number(process.env["TEST_TIMES"] ?? 1);

await runPump((step: CommitStep) => {
  if (step !== wanted || (armed !== undefined && !existsSync(armed)) || --left !== 0) return;
  process.kill(process.pid, process.env["TEST_SIGNAL"] ?? "SIGKILL");
  // The signal may reach another thread first: this one does nothing more until it has landed.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
});
