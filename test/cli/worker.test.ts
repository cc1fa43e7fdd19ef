import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("worker");
});
afterEach(() => removeTemporaryDirectory(dir));

test("a worker alone has one malloc arena that shrinks, and outlives an output that takes nothing", async () => {
  const full = openSync("/dev/full", "w");
  const child = spawn(DOLPHIN, ["--data-dir", dir, "worker", "scan"], {
    // Nobody listens there: it waits.
    env: { ...process.env, TEMPORAL_ADDRESS: "127.0.0.1:9", DOLPHIN_PORTS_METRICS: "0" },
    cwd: dir,
    stdio: ["ignore", full, full],
  });
  const ended = once(child, "exit");
  const log = join(dir, "logs", "worker.log");
  const hasSpoken = () => existsSync(log) && /does not answer/.test(readFileSync(log, "utf8"));
  await until(hasSpoken, { ms: 30_000, tell: () => "the worker said nothing" });
  const environment = readFileSync(`/proc/${child.pid}/environ`, "utf8").split("\0");
  expect(environment).toContain("MALLOC_ARENA_MAX=1");
  expect(environment).toContain("MALLOC_TRIM_THRESHOLD_=131072");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});
