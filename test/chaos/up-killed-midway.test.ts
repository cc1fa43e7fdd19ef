/** `dolphin up` killed while it starts something: the next one is not stopped by what that left behind. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { until } from "../helpers/processes.ts";
import { startUp } from "../helpers/up.ts";
import { ChaosStack } from "./harness/chaos-stack.ts";

let root = "";
let stack: ChaosStack;

beforeAll(() => {
  root = makeTemporaryDirectory("midway");
});
beforeEach(async () => {
  stack = await ChaosStack.create(root, { supervision: { restarts_max: 1000, delays_s: [0] } });
});
afterEach(() => stack.close());
afterAll(() => removeTemporaryDirectory(root));

/** What the guard of Temporal wrote down, which it does before Temporal is ready. */
function temporalGuard(): string {
  const file = join(stack.dataDir, "logs", "temporal.log.guard");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

async function untilTemporalStarts(before: string): Promise<void> {
  const isNew = () => temporalGuard() !== "" && temporalGuard() !== before;
  await until(isNew, { ms: 60_000, tell: () => stack.output() });
}

test("in its first start, before there is an up.json", async () => {
  const args = ["--ports", "auto", "--archive", stack.archive];
  const first = startUp(stack.dataDir, args, { DOLPHIN_CONFIG: join(root, "dolphin.yaml") });
  await untilTemporalStarts("");
  process.kill(first.pid, "SIGKILL");
  await stack.start();
  expect((await stack.stop()).code).toBe(0);
});

test("while it starts Temporal again", async () => {
  await stack.start();
  const before = temporalGuard();
  await stack.kill(await stack.find("temporal"));
  await untilTemporalStarts(before);
  await stack.kill(await stack.find("up"));
  await stack.start();
  expect((await stack.stop()).code).toBe(0);
});
