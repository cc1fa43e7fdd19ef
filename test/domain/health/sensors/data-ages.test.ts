import { describe, expect, test } from "vitest";
import {
  type FeedObservation,
  feedSampleOf,
  senseDataAges,
} from "../../../../src/domain/health/sensors/data-ages.ts";

const SCAN: FeedObservation = {
  name: "scan",
  isOurs: false,
  budgetS: 30,
  staleS: 120,
  asOfAgeS: 1,
  pushedAgeS: 1,
  unknown: null,
  unreadable: null,
};

describe("one feed", () => {
  test.each([
    ["fresh", {}, 1, "scan is 1 s old (budget 30 s, stale at 120 s)"],
    ["at its budget", { asOfAgeS: 30 }, 1, "scan is 30 s old (budget 30 s, stale at 120 s)"],
    ["true long ago", { asOfAgeS: 31 }, 0.5, "scan is 31 s old (budget 30 s, stale at 120 s)"],
    ["pushed long ago", { pushedAgeS: 121 }, 0, "scan is 2 min old (budget 30 s, stale at 120 s)"],
    ["by what it tells alone", { asOfAgeS: null }, 1, expect.stringContaining("1 s old")],
    ["a little ahead", { asOfAgeS: -2 }, 1, expect.stringContaining("1 s old")],
    ["far ahead", { asOfAgeS: -60 }, null, "scan: its time is 60 s ahead of this machine's clock"],
    ["no number", { pushedAgeS: Number.NaN }, null, "scan: its time is no number"],
    ["never", { asOfAgeS: null, pushedAgeS: null }, null, "scan: nothing came yet"],
    ["not to be asked for", { unknown: "no answer" }, null, "scan: no answer"],
    ["garbage", { unreadable: "not JSON" }, 0, "scan: not JSON"],
  ])("%s", (_what, changed, score, says) => {
    const found = senseDataAges([{ ...SCAN, ...changed }]);
    expect(found).toEqual({ score, parts: [{ subject: "scan", score, says }] });
  });
});

test("each by its own budget", () => {
  const exf = { ...SCAN, name: "exf", budgetS: 900, staleS: 3_600, asOfAgeS: 600 };
  expect(senseDataAges([{ ...SCAN, asOfAgeS: 600 }, exf]).score).toBe(0.5);
});

const ageOf = (changed: Partial<FeedObservation>) => feedSampleOf({ ...SCAN, ...changed }).ageS;

test("a diagnosis receives an age only where there is one", () => {
  expect([ageOf({ asOfAgeS: 7 }), ageOf({ unknown: "why" }), ageOf({ asOfAgeS: -60 })]).toEqual([
    7,
    null,
    null,
  ]);
});
