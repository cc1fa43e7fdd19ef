import { describe, expect, test } from "vitest";
import {
  excuse,
  HEARD,
  isAfterPause,
  isTooSilent,
  type Silence,
  silentPoll,
} from "../../../src/domain/supervision/silence.ts";

const INTERVAL_MS = 5_000;
const MAX_MS = 30_000;
const HOUR_MS = 3_600_000;

/** Each look is the time since the one before; "heard" ends a silence. */
type Heard = number | "heard";

function check(polls: readonly Heard[], expected: boolean): void {
  const after = polls.reduce<Silence>(
    (before, poll) => (poll === "heard" ? HEARD : silentPoll(before, poll, INTERVAL_MS)),
    HEARD,
  );
  expect(isTooSilent(after, MAX_MS)).toBe(expected);
}

function times(count: number, poll: number): number[] {
  return Array.from({ length: count }, () => poll);
}

describe("silence", () => {
  test.each<[string, readonly Heard[], boolean]>([
    ["nothing looked at", [], false],
    ["a look after a pause of 45 s", [45_000], false],
    ["looks after an hour's pause", [HOUR_MS, 5_000, 5_000], false],
    ["pauses one after the other", times(5, HOUR_MS), false],
    ["six silent looks on time", times(6, 5_000), true],
    ["five silent looks on time", times(5, 5_000), false],
    ["looks that came early", times(29, 1_000), false],
    ["as many early looks as make the time", times(30, 1_000), true],
    ["an answer in between", [...times(5, 5_000), "heard", ...times(5, 5_000)], false],
    ["silence after an answer", ["heard", ...times(6, 5_000)], true],
    ["a clock that went back", [...times(5, 5_000), -10_000], false],
  ])("with %s", (_what, polls, expected) => {
    check(polls, expected);
  });

  test("needs several checks, however short the limit", () => {
    const once = silentPoll(HEARD, INTERVAL_MS, INTERVAL_MS);
    const twice = silentPoll(once, INTERVAL_MS, INTERVAL_MS);
    const thrice = silentPoll(twice, INTERVAL_MS, INTERVAL_MS);
    expect([once, twice, thrice].map((each) => isTooSilent(each, 1))).toEqual([false, false, true]);
  });

  test.each<[number, boolean]>([
    [INTERVAL_MS, false],
    [5 * INTERVAL_MS, false],
    [5 * INTERVAL_MS + 1, true],
  ])("a look after %i ms is one after a pause: %s", (sincePollMs, expected) => {
    expect(isAfterPause(sincePollMs, INTERVAL_MS)).toBe(expected);
  });
});

describe("what waited for a processor", () => {
  test.each([
    [30_000, 0, 30_000],
    [30_000, 12_000, 18_000],
    [30_000, 29_000, 6_000],
    [30_000, 90_000, 6_000],
    [0, 5_000, 0],
  ])("of %s ms, %s waited, %s count", (silentMs, waitedMs, countedMs) => {
    expect(excuse({ silentMs, polls: 7 }, waitedMs)).toEqual({ silentMs: countedMs, polls: 7 });
  });
});
