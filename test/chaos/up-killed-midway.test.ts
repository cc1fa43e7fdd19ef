/** `dolphin up` killed while it starts something: the leftovers do not stop the next one. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { readGuardRecords } from "../../src/embedded/state/guard-record.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { until, sendSignal, sendSignalToGroup } from "../helpers/processes.ts";
import { BRIDGE_ALONE, startUp } from "../helpers/up.ts";
import { ChaosStack } from "./harness/chaos-stack.ts";

let root = "";
let stack: ChaosStack;

beforeAll(() => {
  root = makeTemporaryDirectory("midway");
});
beforeEach(() => {
  stack = ChaosStack.create(root, {
    ...BRIDGE_ALONE,
    supervision: { restarts_max: 1000, delays_s: [0] },
  });
});
afterEach(() => stack.close());
afterAll(() => removeTemporaryDirectory(root));

/** The guard of Temporal, which is known before Temporal is ready. */
function temporalGuard(): number | null {
  return readGuardRecords(join(stack.dataDir, "logs")).get("temporal")?.pid ?? null;
}

/** Looks once each time: the record of one that ended goes before that of the next comes. */
async function untilTemporalStarts(before: number | null): Promise<number | null> {
  let guard: number | null = null;
  const isNew = () => {
    guard = temporalGuard();
    return guard !== null && guard !== before;
  };
  await until(isNew, { ms: 60_000, tell: () => stack.output() });
  return guard;
}

async function checkRunsAndStops(): Promise<void> {
  await stack.start();
  expect((await stack.stop()).code).toBe(0);
  await stack.untilNothingRuns(1_000);
}

test("in its first start, before there is an up.json", async () => {
  const args = ["--ports", "auto", "--archive", stack.archive];
  const first = startUp(stack.dataDir, args, { DOLPHIN_CONFIG: join(root, "dolphin.yaml") });
  await untilTemporalStarts(null);
  sendSignal(first.pid, "SIGKILL");
  await checkRunsAndStops();
});

test("while it starts Temporal again, which hangs with its guard", async () => {
  await stack.start();
  const before = temporalGuard();
  const up = await stack.find("up");
  await stack.kill(await stack.find("temporal"));
  // Frozen, they cannot end by themselves, and up.json does not name them.
  sendSignalToGroup(await untilTemporalStarts(before), "SIGSTOP");
  await stack.kill(up);
  await checkRunsAndStops();
});
