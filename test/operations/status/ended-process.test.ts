import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeHold } from "../../../src/adapters/process/hold/hold-file.ts";
import { kernelPlace } from "../../../src/adapters/process/hold/kernel-place.ts";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";
import { writeRunFile } from "../../../src/adapters/process/run-file.ts";
import { endedProcess } from "../../../src/operations/status/ended-process.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

/** Above what a kernel gives out. */
const NOBODY = { pid: 2 ** 30, started_ticks: 1 };
const US = { pid: process.pid, started_ticks: startedTicks(process.pid) };
const BEFORE_US = { pid: process.pid, started_ticks: 1 };
let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("ended-process");
});
afterEach(() => {
  removeTemporaryDirectory(dir);
});

test.each([
  ["one that is not there any more", NOBODY, kernelPlace(), true],
  ["one whose pid another process has now", BEFORE_US, kernelPlace(), true],
  ["one that lives", US, kernelPlace(), false],
  ["one of a worker in another container", NOBODY, "elsewhere", false],
  ["one of a worker that noted no hold", NOBODY, null, false],
])("%s", (_, named, place, hasEnded) => {
  const run = { service: "fake", life: 1, started_at: "2026-03-25T04:00:00+00:00", ...named };
  const runFolder = join(dir, "run");
  writeRunFile(runFolder, run);
  if (place !== null) {
    const hold = { run_id: "r", attempt: 1, token: "dA==", identity: "w", keeper: NOBODY };
    writeHold(runFolder, { service: "fake", place, ...hold });
  }
  expect(endedProcess(dir, "fake")).toEqual(hasEnded ? run : null);
});

test("nothing was started here", () => {
  expect(endedProcess(dir, "fake")).toBeNull();
});
