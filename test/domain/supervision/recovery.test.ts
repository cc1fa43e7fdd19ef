import { describe, expect, test } from "vitest";
import { decideRecovery } from "../../../src/domain/supervision/recovery.ts";
import type { Observation, Verdict } from "../../../src/domain/supervision/verdict.ts";

const LIMITS = { rssWarnBytes: 1, rssRestartBytes: 100, cpuWarnPercent: 50, cpuAlertPercent: 80 };
const POLICY = { restartsMax: 1, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 };
const NOW = 1_000_000;

function check(
  found: Pick<Verdict, "cause" | "action" | "word">,
  rssBytes: number,
  given: object,
): unknown {
  const observation: Observation = {
    phase: "running",
    silentS: 0,
    rssBytes,
    cpuPercent: null,
    facts: null,
    dependenciesOkS: 0,
  };
  const situation = { mode: "auto", policy: POLICY, restartTimesMs: [], nowMs: NOW } as const;
  const verdict: Verdict = { reason: "because", ...found };
  const seen = { observation, limits: LIMITS };
  return decideRecovery(verdict, seen, { ...situation, ...given })?.kind ?? null;
}

describe("a living process is ended", () => {
  test.each([
    [
      "a bridge that leaves files lying",
      { word: "Stale", cause: "bridge", action: "restart" },
      1,
      {},
      "unhealthy",
    ],
    [
      "memory over its limit",
      { word: "Error", cause: "process", action: "restart" },
      100,
      {},
      "memory",
    ],
    ["an alert", { word: "Error", cause: "process", action: "alert" }, 100, {}, null],
    [
      "monitor-only",
      { word: "Stale", cause: "bridge", action: "restart" },
      1,
      { mode: "monitor-only" },
      null,
    ],
    [
      "a spent budget",
      { word: "Stale", cause: "bridge", action: "restart" },
      1,
      { restartTimesMs: [NOW] },
      null,
    ],
  ] as const)("for %s", (_what, found, rssBytes, given, expected) => {
    expect(check(found, rssBytes, given)).toBe(expected);
  });
});
