/** Which of two postures counts, by whichever way and in whichever order they arrive. */
import { expect, test } from "vitest";
import {
  judgePosture,
  type PostureVerdict,
  type ToldPosture,
} from "../../../src/domain/safety/newer-posture.ts";
import type { Posture } from "../../../src/domain/trading/posture.ts";

const NOW_MS = 1_000_000;

function told(
  posture: Posture | "UNKNOWN",
  ageMs: number,
  entries: "go" | "stop" = "go",
): ToldPosture {
  return { posture, entries, asOfMs: NOW_MS - ageMs };
}

type Row = readonly [string, ToldPosture, ToldPosture, PostureVerdict];
const ROWS: readonly Row[] = [
  ["a newer one", told("STALKER", 2_000), told("APEX", 500), "take"],
  ["an older one that allows more", told("STALKER", 500), told("APEX", 2_000), "known"],
  ["an older one that allows less", told("APEX", 500), told("TURTLE", 2_000), "take"],
  ["an older one that stops entries", told("APEX", 500), told("APEX", 2_000, "stop"), "take"],
  ["a stale one that allows less", told("APEX", 500), told("HIBERNATE", 31_000), "later"],
  ["a stale one that stops entries", told("APEX", 500), told("APEX", 31_000, "stop"), "later"],
  ["the same moment again", told("APEX", 500), told("APEX", 500), "known"],
  ["the same a little newer", told("APEX", 3_000), told("APEX", 500), "known"],
  ["the same much newer", told("APEX", 9_000), told("APEX", 500), "take"],
  ["from the future, allowing more", told("TURTLE", 500), told("APEX", -60_000), "later"],
  ["from the future, allowing less", told("APEX", 500), told("HIBERNATE", -60_000), "take"],
  ["after one from the future", told("APEX", -60_000), told("APEX", 500), "take"],
  ["unreadable while the watchdog calls", told("APEX", 500), told("UNKNOWN", 0), "later"],
  ["the first", told("UNKNOWN", Infinity), told("APEX", 500), "take"],
];

test.each(ROWS)("%s", (_what, known, one, verdict) => {
  const times = { nowMs: NOW_MS, refreshMs: 5_000, isCalled: true, isCall: false };
  expect(judgePosture(known, one, times)).toBe(verdict);
});

test("what cannot be read makes it unknown where nobody calls", () => {
  const times = { nowMs: NOW_MS, refreshMs: 5_000, isCalled: false, isCall: false };
  expect(judgePosture(told("APEX", 500), told("UNKNOWN", 0), times)).toBe("take");
  expect(judgePosture(told("APEX", 500), told("APEX", -60_000), times)).toBe("take");
  expect(judgePosture(told("APEX", 500), told("HIBERNATE", 31_000), times)).toBe("take");
});

test("the watchdog's own call stops at once, however far its clock is behind", () => {
  const times = { nowMs: NOW_MS, refreshMs: 5_000, isCalled: true, isCall: true };
  expect(judgePosture(told("APEX", 500), told("HIBERNATE", 31_000), times)).toBe("take");
});
