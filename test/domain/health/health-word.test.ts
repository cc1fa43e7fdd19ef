import { expect, test } from "vitest";
import { healthWordOf, rmMetaOf } from "../../../src/domain/health/health-word.ts";

test.each([
  [1, "GREEN"],
  [0.81, "GREEN"],
  [0.8, "DEGRADED"],
  [0.51, "DEGRADED"],
  [0.5, "CRITICAL"],
  [0.21, "CRITICAL"],
  [0.2, "DEAD"],
  [0, "DEAD"],
  [null, "DEGRADED"],
] as const)("a product of %s reads %s", (rmMeta, word) => {
  expect(healthWordOf(rmMeta)).toBe(word);
});

const of = (score: number | null) => ({ score, parts: [] });

test("the product is that of the sensors that are known", () => {
  const rest = { m2_heartbeat: of(1), m3_data_freshness: of(null), m5_coherence: of(null) };
  expect(rmMetaOf({ ...rest, m1_proc: of(0.5), m4_control_plane: of(0.5) })).toBe(0.25);
  const nobody = { ...rest, m2_heartbeat: of(null) };
  expect(rmMetaOf({ ...nobody, m1_proc: of(null), m4_control_plane: of(null) })).toBeNull();
});
