import { expect, test } from "vitest";
import type { ServiceSample } from "../../../../src/domain/health/sample.ts";
import { senseProcesses } from "../../../../src/domain/health/sensors/processes.ts";

const SERVICE: ServiceSample = {
  name: "scan-bridge",
  isWanted: true,
  phase: "running",
  verdict: null,
  restarts: 0,
  beatAgeS: 1,
};
const UNKILLABLE = {
  word: "Unkillable",
  cause: "process",
  action: "alert",
  reason: "pid 7 is left",
} as const;

test.each([
  ["a process that runs", {}, 1],
  ["one that starts, of which nobody knows yet", { phase: "starting" }, null],
  ["none", { phase: "absent" }, 0],
  ["none, and no restarts left", { phase: "fatal" }, 0],
  ["one that cannot be ended", { verdict: UNKILLABLE }, 0],
  ["nobody who knows", { phase: "unknown" }, null],
  ["one that nobody wants", { isWanted: false, phase: "stopped" }, null],
] as const)("%s", (_what, changed, score) => {
  expect(senseProcesses([{ ...SERVICE, ...changed }]).score).toBe(score);
});

test("the mean over what is wanted and known, each with its reason", () => {
  const found = senseProcesses([
    SERVICE,
    { ...SERVICE, name: "trader-blue", phase: "absent" },
    { ...SERVICE, name: "bookkeeper", phase: "unknown" },
    { ...SERVICE, name: "trader-green", phase: "stopped", isWanted: false },
  ]);
  expect(found.score).toBe(0.5);
  expect(found.parts).toEqual([
    { subject: "scan-bridge", score: 1, says: "scan-bridge runs" },
    { subject: "trader-blue", score: 0, says: "trader-blue no process" },
    {
      subject: "bookkeeper",
      score: null,
      says: "bookkeeper neither Temporal nor a run file knows it",
    },
  ]);
});
