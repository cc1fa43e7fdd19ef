import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideRestart } from "../../../src/domain/supervision/restart-policy.ts";
import type { RestartPolicy } from "../../../src/domain/supervision/restart-policy.ts";

const POLICY: RestartPolicy = {
  restartsMax: 3,
  windowMs: 600_000,
  delaysMs: [0, 5_000, 20_000],
  fatalRetryMs: 300_000,
};
const NOW = 1_000_000_000;

describe("the restart policy", () => {
  test.each([
    ["the first restart comes at once", [], { kind: "restart", atMs: NOW }],
    ["the second after 5 s", [NOW - 1_000], { kind: "restart", atMs: NOW + 5_000 }],
    ["the third after 20 s", [NOW - 9_000, NOW - 1_000], { kind: "restart", atMs: NOW + 20_000 }],
    [
      "the budget spent, the next try comes when the window allows",
      [NOW - 30_000, NOW - 20_000, NOW - 1_000],
      { kind: "fatal", atMs: NOW + 570_000 },
    ],
    [
      "and never less than five minutes after the last restart",
      [NOW - 599_000, NOW - 20_000, NOW - 1_000],
      { kind: "fatal", atMs: NOW + 299_000 },
    ],
    [
      "restarts older than the window are forgotten",
      [NOW - 600_000],
      { kind: "restart", atMs: NOW },
    ],
    [
      "a clock that was set back an hour does not lock a service out",
      [NOW + 3_600_000],
      { kind: "restart", atMs: NOW + 5_000 },
    ],
  ] as const)("%s", (_what, times, decision) => {
    expect(decideRestart(POLICY, times, NOW)).toEqual(decision);
  });

  test("never allows more than the budget in any window, however a service ends", () => {
    const policies = fc.record({
      restartsMax: fc.integer({ min: 1, max: 6 }),
      windowMs: fc.integer({ min: 1_000, max: 700_000 }),
      delaysMs: fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 4 }),
      fatalRetryMs: fc.integer({ min: 0, max: 400_000 }),
    });
    const lives = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 60 });
    fc.assert(fc.property(policies, lives, checkBudget), { numRuns: 500 });
  });
});

function checkBudget(policy: RestartPolicy, uptimes: readonly number[]): void {
  const times: number[] = [];
  let nowMs = 0;
  for (const uptimeMs of uptimes) {
    nowMs += uptimeMs;
    nowMs = decideRestart(policy, times, nowMs).atMs;
    times.push(nowMs);
  }
  for (const at of times) {
    const within = times.filter((one) => at <= one && one < at + policy.windowMs);
    expect(within.length).toBeLessThanOrEqual(policy.restartsMax);
  }
}
