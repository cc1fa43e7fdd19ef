import { expect, test } from "vitest";
import type { ServiceSample } from "../../../../src/domain/health/sample.ts";
import { senseHeartbeats } from "../../../../src/domain/health/sensors/heartbeats.ts";

function beatOf(beatAgeS: number | null, isWanted = true): ServiceSample {
  const rest = { phase: "running", verdict: null, restarts: 0 } as const;
  return { name: "trader-blue", isWanted, beatAgeS, ...rest };
}

test.each([
  [0, 1],
  [30, 1],
  [30.1, 0.5],
  [60, 0.5],
  [60.1, 0],
  [86_400, 0],
  [null, null],
])("a beat %s s ago scores %s", (ageS, score) => {
  expect(senseHeartbeats([beatOf(ageS)]).score).toBe(score);
});

test("what nobody could ask says nothing, and what is not wanted is no part", () => {
  const found = senseHeartbeats([beatOf(1), beatOf(45), beatOf(null), beatOf(900, false)]);
  expect(found.score).toBe(0.75);
  expect(found.parts.map(({ says }) => says)).toEqual([
    "trader-blue beat 1 s ago",
    "trader-blue beat 45 s ago",
    "trader-blue: its heartbeat could not be read",
  ]);
});
