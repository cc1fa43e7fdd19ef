import { describe, expect, test } from "vitest";
import { nextStep, wordAfterEnd } from "../../../src/domain/supervision/next-step.ts";
import type { EndKind, EndSituation } from "../../../src/domain/supervision/next-step.ts";

const POLICY = { restartsMax: 1, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 };
const NOW = 1_000_000;

function check(end: EndKind, given: Partial<EndSituation>, expected: [string, string]): void {
  const situation: EndSituation = {
    intent: "running",
    mode: "auto",
    end,
    unkillable: 0,
    restartTimesMs: [],
    ...given,
  };
  const step = nextStep(situation, POLICY, NOW);
  expect([step.kind, wordAfterEnd(step, end)]).toEqual(expected);
}

describe("after a life that ended as", () => {
  test.each<[EndKind, Partial<EndSituation>, [string, string]]>([
    ["exited", {}, ["restart", "Down"]],
    ["failed_start", {}, ["restart", "Down"]],
    ["frozen", {}, ["restart", "Down"]],
    ["memory", {}, ["restart", "Down"]],
    ["unhealthy", {}, ["restart", "Down"]],
    ["lost", {}, ["restart", "Down"]],
    ["exited", { restartTimesMs: [NOW - 1] }, ["fatal", "FATAL"]],
    ["exited", { mode: "monitor-only" }, ["observe", "Down"]],
    ["exited", { intent: "stopped" }, ["idle", "Stopped"]],
    ["fenced", {}, ["hold", "Fenced"]],
    ["fenced", { mode: "monitor-only" }, ["hold", "Fenced"]],
    ["misconfigured", {}, ["hold", "Error"]],
    ["stopped", { restartTimesMs: [NOW - 1] }, ["start", "Starting"]],
    ["stopped", { intent: "stopped" }, ["idle", "Stopped"]],
    ["abandoned", { restartTimesMs: [NOW - 1] }, ["start", "Starting"]],
    ["unkillable", { unkillable: 1 }, ["restart", "Down"]],
    ["unkillable", { unkillable: 2 }, ["hold", "Unkillable"]],
    ["exited", { unkillable: 1 }, ["restart", "Down"]],
  ])("%s with %j comes %j", (end, given, expected) => {
    check(end, given, expected);
  });
});
