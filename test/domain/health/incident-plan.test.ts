/** Two policies and two dependency graphs over the same samples: the differences, and gaps in the recording. */
import { expect, test } from "vitest";
import { comparePlans } from "../../../src/domain/health/incident/compare.ts";
import { hearOf } from "../../../src/domain/health/incident/records.ts";
import { RECOVERY_POLICY } from "../../../src/domain/health/recovery-rules.ts";
import type { HealthSample } from "../../../src/domain/health/sample.ts";
import { FAULTS, GRAPH, sampleWith } from "../../helpers/health/faulty-world.ts";

const T0 = 1_800_000_000;
const STUCK = FAULTS.filter(({ kind }) => kind === "stuck");
const SAME = { now: GRAPH, next: GRAPH };
const AUTO = { policy: RECOVERY_POLICY, mode: "auto" } as const;

/** Each 5 s from then on, for so long. */
function every5s(fromS: number, lastsS: number, faults: typeof FAULTS): HealthSample[] {
  const sample = sampleWith(faults);
  return Array.from({ length: lastsS / 5 }, (_, n) => ({
    ...sample,
    atUs: (T0 + fromS + n * 5) * 1e6,
  }));
}

test("only changes are reported, and a policy that waits longer makes fewer restarts", () => {
  const samples = [
    ...every5s(0, 600, []),
    ...every5s(600, 1_200, STUCK),
    ...every5s(1_800, 60, []),
  ];
  const { records, ...heard } = hearOf(samples, SAME);
  expect(records.now.map(({ atMs }) => atMs / 1_000 - T0)).toEqual([0, 600, 1_800, 1_855]);
  expect(heard).toEqual({
    samples: 372,
    fromMs: T0 * 1_000,
    untilMs: (T0 + 1_855) * 1_000,
    gaps: 0,
    gapsMs: 0,
    others: 0,
    otherwise: [],
  });
  const patient = { ...AUTO, policy: { ...RECOVERY_POLICY, graceMs: 900_000 } };
  const { outcomes, only } = comparePlans(records, { now: AUTO, next: patient });
  expect(outcomes.now).toMatchObject({ restarts: { "scan-bridge": 3 }, total: 3, alerts: 1 });
  expect(outcomes.next).toMatchObject({ restarts: { "scan-bridge": 1 }, total: 1, alerts: 1 });
  expect(only.now.map(({ atMs }) => atMs / 1_000 - T0)).toEqual([660, 960, 1_560]);
  expect(only.next.map(({ atMs }) => atMs / 1_000 - T0)).toEqual([1_500]);
});

test("monitor-only acts at the same times, and only says so", () => {
  const { records } = hearOf(every5s(0, 120, STUCK), SAME);
  const { outcomes, only } = comparePlans(records, {
    now: AUTO,
    next: { ...AUTO, mode: "monitor-only" },
  });
  expect(outcomes.next).toMatchObject({ total: outcomes.now.total, mode: "monitor-only" });
  expect(only.now.map(({ rule }) => rule)).toEqual(["root-lasts"]);
  expect(only.next.map(({ rule }) => rule)).toEqual(["monitor-only"]);
});

test("while nobody recorded, nothing is decided: an earlier cause does not count in it", () => {
  const samples = [...every5s(0, 30, STUCK), ...every5s(36_000, 30, STUCK)];
  const { records, gaps, gapsMs } = hearOf(samples, SAME);
  expect({ gaps, gapsMs }).toEqual({ gaps: 1, gapsMs: 35_975_000 });
  expect(comparePlans(records, { now: AUTO, next: AUTO }).outcomes.now.total).toBe(0);
});

test("another graph: what it makes of each sample is reported once a stretch", () => {
  const without = {
    ...GRAPH,
    services: GRAPH.services.filter(({ name }) => name !== "scan-bridge"),
  };
  const samples = [...every5s(0, 60, []), ...every5s(60, 60, STUCK)];
  const { others, otherwise } = hearOf(samples, { now: GRAPH, next: without });
  expect(others).toBe(12);
  expect(otherwise).toHaveLength(1);
  expect(otherwise[0]?.now.roots).toEqual(["bridge:scan-bridge"]);
  expect(otherwise[0]?.next.roots).not.toContain("bridge:scan-bridge");
});
