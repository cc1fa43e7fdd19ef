import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  datedBy,
  decideRestart,
  relentless,
  restartsInWindow,
} from "../../../src/domain/supervision/restart-policy.ts";
import type { RestartPolicy } from "../../../src/domain/supervision/restart-policy.ts";

const POLICY: RestartPolicy = {
  restartsMax: 3,
  windowMs: 600_000,
  delaysMs: [0, 5_000, 20_000],
  healthyAfterMs: 120_000,
  fatalRetryMs: 300_000,
};
const { healthyAfterMs: _, ...OLDER } = POLICY;
const DATING: RestartPolicy = { ...POLICY, datesAnew: true };
const DAY_MS = 86_400_000;
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
    [
      "after minutes of health it comes at once again, for as long as the budget lasts",
      [NOW - 200_000, NOW - 120_000],
      { kind: "restart", atMs: NOW },
    ],
    [
      "a life that is a moment too short counts",
      [NOW - 119_999],
      { kind: "restart", atMs: NOW + 5_000 },
    ],
    [
      "what failed before the health is forgiven",
      [NOW - 300_000, NOW - 40_000],
      { kind: "restart", atMs: NOW + 5_000 },
    ],
    [
      "health gives back no budget",
      [NOW - 590_000, NOW - 400_000, NOW - 150_000],
      { kind: "fatal", atMs: NOW + 150_000 },
    ],
  ] as const)("%s", (_what, times, decision) => {
    expect(decideRestart(POLICY, times, NOW)).toEqual(decision);
  });

  test("a recorded policy that knows no health decides as it did", () => {
    expect(decideRestart(OLDER, [NOW - 500_000], NOW)).toEqual({
      kind: "restart",
      atMs: NOW + 5_000,
    });
  });

  test("what is relentless is never given up, and starts again within its longest delay", () => {
    const policy = relentless(
      { restartsMax: 3, windowMs: 600_000, delaysMs: [0, 1_000, 30_000], fatalRetryMs: 300_000 },
      5_000,
    );
    const times: number[] = [];
    for (let nowMs = NOW; times.length < 100; nowMs += 1) {
      const decision = decideRestart(policy, times, nowMs);
      expect(decision.kind).toBe("restart");
      expect(decision.atMs - nowMs).toBeLessThanOrEqual(5_000);
      times.push((nowMs = decision.atMs));
    }
  });

  test("never allows more than the budget in any window, however a service ends", () => {
    const policies = fc.record({
      restartsMax: fc.integer({ min: 1, max: 6 }),
      windowMs: fc.integer({ min: 1_000, max: 700_000 }),
      delaysMs: fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 4 }),
      healthyAfterMs: fc.integer({ min: 0, max: 700_000 }),
      fatalRetryMs: fc.integer({ min: 0, max: 400_000 }),
    });
    const lives = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 60 });
    fc.assert(fc.property(policies, lives, checkBudget), { numRuns: 500 });
  });
});

describe("a clock that is set back by a day", () => {
  const before = [NOW + DAY_MS - 300_000, NOW + DAY_MS - 20_000, NOW + DAY_MS];

  test("leaves the budget spent for its window, and no longer", () => {
    const kept = datedBy(DATING, before, NOW);
    expect(kept).toEqual([NOW - 300_000, NOW - 20_000, NOW]);
    expect(decideRestart(DATING, kept, NOW).kind).toBe("fatal");
    expect(decideRestart(DATING, kept, NOW + 300_000).kind).toBe("restart");
    expect(restartsInWindow(DATING, kept, NOW + 600_000)).toEqual([]);
  });

  test("is no excuse for one restart more", () => {
    const made = [...datedBy(DATING, before.slice(1), NOW), NOW + 30_000];
    expect(decideRestart(DATING, made, NOW + 31_000).kind).toBe("fatal");
  });

  test("takes no restart that was made since for an older one", () => {
    const since = [...before.slice(1), NOW - 5_000, NOW - 1_000];
    expect(datedBy(DATING, since, NOW)).toEqual([NOW - 20_000, NOW - 5_000, NOW - 1_000, NOW]);
  });

  test("re-dates only what is further ahead than the clocks of two hosts differ", () => {
    expect(datedBy(DATING, [NOW - 1_000, NOW + 60_000], NOW)).toEqual([NOW - 1_000, NOW + 60_000]);
  });

  test("a recorded policy that re-dates nothing counts as before", () => {
    expect(datedBy(POLICY, before, NOW)).toEqual(before);
    expect(restartsInWindow(POLICY, before, NOW + 600_000)).toEqual(before);
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
