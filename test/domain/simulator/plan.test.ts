import { expect, test } from "vitest";
import { dueMs, scanFileOf, scanNumberAt } from "../../../src/domain/simulator/plan.ts";

test.each([
  ["no outage", null, [0, 500, 1_000, 1_500, 2_000]],
  [
    "an outage of 10 s each second",
    { everyMs: 1_000, forMs: 10_000 },
    [0, 500, 11_000, 11_500, 22_000],
  ],
] as const)("at 2 scans a second and %s, scans are due in time", (_, outage, expected) => {
  expect(expected.map((_due, index) => dueMs(index, { rate: 2, outage }))).toEqual(expected);
});

function numbers(restartEvery: number | null): number[] {
  return [0, 1, 2, 3, 4, 5].map((index) => scanNumberAt(index, 7, restartEvery));
}

test("numbers count up from the first, and start again there with the upstream", () => {
  expect(numbers(null)).toEqual([7, 8, 9, 10, 11, 12]);
  expect(numbers(3)).toEqual([7, 8, 9, 7, 8, 9]);
});

test.each([
  [123, "2026-03-25T10:15:30.123456Z", "2026-03-25/scan_000123_101530.arrow"],
  [1_234_567, "2026-12-31T23:59:59.999999Z", "2026-12-31/scan_1234567_235959.arrow"],
])("scan %i of %s is %s", (number, time, file) => {
  expect(scanFileOf(number, Date.parse(time) * 1_000 + 999)).toBe(file);
});
