/** Which of two postures counts, by whichever way and in whichever order they arrive. */
import { expect, test } from "vitest";
import {
  judgePosture,
  type PostureVerdict,
  type PostureReport,
} from "../../../src/domain/safety/newer-posture.ts";
import type { Posture } from "../../../src/domain/trading/posture.ts";

const NOW_MS = 1_000_000;

function reported(
  posture: Posture | "UNKNOWN",
  ageMs: number,
  entries: "go" | "stop" = "go",
): PostureReport {
  return { posture, entries, asOfMs: NOW_MS - ageMs };
}

type Row = readonly [string, PostureReport, PostureReport, PostureVerdict];
const ROWS: readonly Row[] = [
  ["a newer one that allows less", reported("APEX", 2_000), reported("STALKER", 500), "take"],
  ["a newer one that allows more", reported("STALKER", 2_000), reported("APEX", 500), "later"],
  ["one that lifts a stop", reported("APEX", 2_000, "stop"), reported("APEX", 500), "later"],
  ["an older one that allows more", reported("STALKER", 500), reported("APEX", 2_000), "known"],
  ["an older one that allows less", reported("APEX", 500), reported("TURTLE", 2_000), "take"],
  [
    "an older one that stops entries",
    reported("APEX", 500),
    reported("APEX", 2_000, "stop"),
    "take",
  ],
  ["a stale one that allows less", reported("APEX", 500), reported("HIBERNATE", 31_000), "later"],
  [
    "a stale one that stops entries",
    reported("APEX", 500),
    reported("APEX", 31_000, "stop"),
    "later",
  ],
  ["the same moment again", reported("APEX", 500), reported("APEX", 500), "known"],
  ["the same a little newer", reported("APEX", 3_000), reported("APEX", 500), "known"],
  ["the same much newer", reported("APEX", 9_000), reported("APEX", 500), "take"],
  ["from the future, allowing more", reported("TURTLE", 500), reported("APEX", -60_000), "later"],
  ["from the future, allowing less", reported("APEX", 500), reported("HIBERNATE", -60_000), "take"],
  ["after one from the future", reported("APEX", -60_000), reported("APEX", 500), "take"],
  ["unreadable while the watchdog calls", reported("APEX", 500), reported("UNKNOWN", 0), "later"],
  ["the first", reported("UNKNOWN", Infinity), reported("APEX", 500), "take"],
];

test.each(ROWS)("%s", (_what, known, one, verdict) => {
  const times = { nowMs: NOW_MS, refreshMs: 5_000, isCalled: true, isCall: false };
  expect(judgePosture(known, one, times)).toBe(verdict);
});

test.each([
  ["the watchdog's own call", { isCalled: true, isCall: true }],
  ["Hazelcast, where nobody calls", { isCalled: false, isCall: false }],
])("%s permits more", (_, by) => {
  const times = { nowMs: NOW_MS, refreshMs: 5_000, ...by };
  expect(judgePosture(reported("STALKER", 2_000), reported("APEX", 500), times)).toBe("take");
});

test("what cannot be read makes it unknown where nobody calls", () => {
  const times = { nowMs: NOW_MS, refreshMs: 5_000, isCalled: false, isCall: false };
  expect(judgePosture(reported("APEX", 500), reported("UNKNOWN", 0), times)).toBe("take");
  expect(judgePosture(reported("APEX", 500), reported("APEX", -60_000), times)).toBe("take");
  expect(judgePosture(reported("APEX", 500), reported("HIBERNATE", 31_000), times)).toBe("take");
});

test("the watchdog's own call stops at once, however far its clock is behind", () => {
  const times = { nowMs: NOW_MS, refreshMs: 5_000, isCalled: true, isCall: true };
  expect(judgePosture(reported("APEX", 500), reported("HIBERNATE", 31_000), times)).toBe("take");
});
