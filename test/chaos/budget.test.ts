/**
 * A bridge that dies at each start, under a budget of one restart in thirty seconds: FATAL is reported, no window ever
 * contains more restarts, and once the kills stop it recovers by itself.
 */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { readRunFile, type RunFile } from "../../src/adapters/process/run-file.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { until, sendSignal } from "../helpers/processes.ts";
import { checkBudget } from "../simulation/checkers/starts-are-explained.ts";
import { BRIDGE_ALONE } from "../helpers/up.ts";
import { ChaosStack } from "./harness/chaos-stack.ts";
import { statusOf } from "./harness/dolphin-json.ts";
import { startScanWriter } from "./harness/scan-writer.ts";

/** One start and one end take less than the window on any machine. */
const RESTARTS_MAX = 1;
const WINDOW_S = 30;
const SUPERVISION = {
  restarts_max: RESTARTS_MAX,
  window_s: WINDOW_S,
  fatal_retry_s: 15,
  delays_s: [0],
};
/** A process starts some time after its restart was decided; on a busy machine not always the same. */
const JITTER_MS = 10_000;
const POLL_EVERY_MS = 20;
const FATAL_WITHIN_MS = 60_000;
const RECOVERS_WITHIN_MS = 90_000;
let root = "";
let stack: ChaosStack;

beforeAll(() => {
  root = makeTemporaryDirectory("budget");
  stack = ChaosStack.create(root, { ...BRIDGE_ALONE, supervision: SUPERVISION });
});
afterAll(async () => {
  await stack.close();
  removeTemporaryDirectory(root);
});

/** Kills every bridge that is started from now on, as soon as its pid is known. */
function killOnSight() {
  const killed: RunFile[] = [];
  const timer = setInterval(() => {
    const run = readRunFile(join(stack.dataDir, "run"), "scan-bridge");
    if (run === null || run.pid === killed.at(-1)?.pid) return;
    killed.push(run);
    if (isProcessAlive(run.pid, run.started_ticks)) sendSignal(run.pid, "SIGKILL");
  }, POLL_EVERY_MS);
  return { killed, stop: () => clearInterval(timer) };
}

async function untilStatus(word: string, withinMs: number) {
  let status = await statusOf(stack.dataDir);
  const isSo = async () => {
    status = await statusOf(stack.dataDir);
    return status.services[0]?.status === word;
  };
  await until(isSo, { ms: withinMs, tell: () => `${word} was ${JSON.stringify(status)}` });
  return status;
}

test("FATAL is reported and kept to, and left alone it recovers by itself", async () => {
  await stack.start();
  const writer = startScanWriter({
    archive: stack.archive,
    seed: 1,
    scans: 0,
    perSecond: 1,
    aheadMs: 0,
  });
  const trickle = writer.trickle(1_000);
  await untilStatus("Healthy", RECOVERS_WITHIN_MS);
  const killer = killOnSight();
  const fatal = await untilStatus("FATAL", FATAL_WITHIN_MS);
  expect(fatal.code).toBe(2);
  expect(fatal.services[0]).toMatchObject({ restarts: RESTARTS_MAX, cause: "process" });
  expect(fatal.services[0]?.next_try_at).not.toBeNull();
  // The try after that dies, too.
  const soFar = killer.killed.length;
  const tell = () => `${killer.killed.length} were killed`;
  await until(() => soFar < killer.killed.length, { ms: RECOVERS_WITHIN_MS, tell });
  killer.stop();
  await untilStatus("Healthy", RECOVERS_WITHIN_MS);
  const isWell = async () => (await statusOf(stack.dataDir)).code === 0;
  await until(isWell, { ms: RECOVERS_WITHIN_MS, tell: () => stack.output() });
  await trickle.stop();
  const last = readRunFile(join(stack.dataDir, "run"), "scan-bridge");
  const startsMs = [...killer.killed, last!].map((run) => Date.parse(run.started_at));
  process.stdout.write(
    `restarts at ${startsMs.map((at) => (at - startsMs[0]!) / 1_000).join(", ")} s\n`,
  );
  expect(startsMs.length).toBeGreaterThan(RESTARTS_MAX + 2);
  const budget = { max: RESTARTS_MAX, windowMs: WINDOW_S * 1_000 - JITTER_MS };
  // The first start of all was no restart.
  expect(checkBudget(startsMs.slice(1), budget)).toEqual([]);
  expect((await stack.stop()).code).toBe(0);
  await stack.untilNothingRuns(5_000);
});
