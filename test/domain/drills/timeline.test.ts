import { expect, test } from "vitest";
import { FAULT_NAMES, FAULTS, type FaultName } from "../../../src/domain/drills/drill-faults.ts";
import type { DrillObservation } from "../../../src/domain/drills/drill-observation.ts";
import {
  beginTimeline,
  hasPassed,
  scoreTimeline,
  stepTimeline,
  type Timeline,
} from "../../../src/domain/drills/timeline.ts";

const PIDS = {
  temporal: 1,
  hazelcast: 2,
  worker: 3,
  simulator: 4,
  "scan-bridge": 11,
  "trader-blue": 12,
  bookkeeper: 13,
  health: 14,
  watchdog: 15,
};

type Change = {
  readonly pids?: Readonly<Record<string, number>>;
  readonly member?: string;
  readonly seq?: number;
  readonly instance?: string;
  readonly traderSeq?: number;
  readonly waits?: string;
  readonly roots?: readonly string[];
  readonly temporal?: boolean;
  readonly alerts?: DrillObservation["alerts"];
  readonly noticedMs?: number;
};

function observed(atMs: number, change: Change = {}): DrillObservation {
  const pids = { ...PIDS, ...change.pids };
  const seq = change.seq ?? 100;
  const beat = (pid: number) => ({
    pid,
    lastSeq: change.traderSeq ?? seq,
    waits: change.waits ?? null,
  });
  return {
    atMs,
    pids,
    values: {
      member: change.member ?? "m1",
      scan: { seq, instance: change.instance ?? "i1" },
      beats: {
        "scan-bridge": beat(pids["scan-bridge"]),
        "trader-blue": beat(pids["trader-blue"]),
        bookkeeper: beat(pids.bookkeeper),
        health: beat(pids.health),
      },
    },
    isTemporalThere: change.temporal ?? true,
    roots: change.roots ?? [],
    signs:
      change.noticedMs === undefined
        ? []
        : [{ atMs: change.noticedMs, by: "worker", says: "it ended" }],
    alerts: change.alerts ?? null,
  };
}

function timelineOf(name: FaultName, ...observations: readonly DrillObservation[]): Timeline {
  const before = observed(0);
  return observations.reduce(
    (timeline, now) => stepTimeline(timeline, FAULTS[name], { before, now }),
    beginTimeline(1_000),
  );
}

function outcomeOf(name: FaultName, timeline: Timeline) {
  const points = scoreTimeline(timeline, FAULTS[name]);
  const took = Object.fromEntries(points.map((point) => [point.name, point.tookS]));
  return { took, isPassed: hasPassed(timeline, points), points };
}

const ALL_NEW = {
  pids: { ...PIDS, "scan-bridge": 21 },
  seq: 102,
  instance: "i2",
  noticedMs: 1_200,
};

test("a killed bridge is over with a scan of its next life, within two seconds", () => {
  const quick = timelineOf("bridge-kill", observed(1_100), observed(2_900, ALL_NEW));
  expect(outcomeOf("bridge-kill", quick)).toMatchObject({
    took: { detected: 0.2, recovered: 1.9 },
    isPassed: true,
  });
  const late = timelineOf("bridge-kill", observed(3_100, ALL_NEW));
  expect(outcomeOf("bridge-kill", late)).toMatchObject({
    took: { recovered: 2.1 },
    isPassed: false,
  });
});

test.each([
  ["a scan of the life that was killed", { ...ALL_NEW, instance: "i1" }, /former bridge/],
  ["no newer scan", { ...ALL_NEW, seq: 100 }, /no scan was pushed/],
] as const)("a killed bridge is not over with %s", (_, change, missing) => {
  const timeline = timelineOf("bridge-kill", observed(2_000, change));
  expect(timeline.recoveredMs).toBeNull();
  const { points, isPassed } = outcomeOf("bridge-kill", timeline);
  expect(points.at(-1)?.note).toMatch(missing);
  expect(isPassed).toBe(false);
});

test("a frozen bridge's recovery counts from its detection", () => {
  const timeline = timelineOf("bridge-freeze", observed(12_500, { ...ALL_NEW, noticedMs: 10_900 }));
  expect(outcomeOf("bridge-freeze", timeline)).toMatchObject({
    took: { detected: 9.9, recovered: 1.6 },
    isPassed: true,
  });
});

test("Hazelcast's recovery counts from when its member takes calls again", () => {
  const back = { pids: { ...PIDS, hazelcast: 22 }, member: "m2", noticedMs: 1_050 };
  const timeline = timelineOf(
    "hazelcast-kill",
    observed(2_000, { noticedMs: 1_050, pids: { ...PIDS, hazelcast: 22 } }),
    observed(15_000, { ...back, seq: 100 }),
    observed(19_000, { ...back, seq: 103 }),
  );
  expect(outcomeOf("hazelcast-kill", timeline)).toMatchObject({
    took: { detected: 0.05, recovered: 4 },
    isPassed: true,
  });
});

test("what lasts is not over before it is undone, nor while health still reports it", () => {
  const roots = ["upstream:scan"];
  const standing = timelineOf("upstream-silent", observed(20_000, { seq: 101 }));
  expect(standing.recoveredMs).toBeNull();
  const undone = { ...standing, undoneMs: 46_000 };
  const fault = FAULTS["upstream-silent"];
  const before = observed(0);
  const stepped = stepTimeline(undone, fault, {
    before,
    now: observed(47_000, { seq: 102, roots }),
  });
  expect(stepped.missing).toEqual(["health still reports upstream:scan"]);
  const over = stepTimeline(stepped, fault, { before, now: observed(52_000, { seq: 110 }) });
  expect(outcomeOf("upstream-silent", over).took).toMatchObject({ recovered: 6 });
});

test("a restart of what was well fails a drill, whatever was met", () => {
  const change = { ...ALL_NEW, pids: { ...ALL_NEW.pids, "trader-blue": 99 } };
  const timeline = timelineOf("bridge-kill", observed(2_000, change));
  expect(timeline.costs).toEqual(["trader-blue"]);
  expect(outcomeOf("bridge-kill", timeline).isPassed).toBe(false);
});

test("an alert counts where somebody alerts, and is not required where nobody does", () => {
  const alone = outcomeOf("bridge-kill", timelineOf("bridge-kill", observed(2_000, ALL_NEW)));
  expect(alone.points[2]).toMatchObject({ name: "alerted", isMet: null });
  const silent = { ...ALL_NEW, alerts: { openedMs: null } };
  expect(
    outcomeOf("bridge-kill", timelineOf("bridge-kill", observed(2_000, silent))).isPassed,
  ).toBe(false);
  const done = { ...ALL_NEW, alerts: { openedMs: 31_000 } };
  expect(outcomeOf("bridge-kill", timelineOf("bridge-kill", observed(2_000, done)))).toMatchObject({
    took: { alerted: 30 },
    isPassed: true,
  });
});

test.each(FAULT_NAMES)("%s: a system that shows nothing new has not recovered from it", (name) => {
  const timeline = timelineOf(name, observed(2_000));
  expect(timeline.recoveredMs).toBeNull();
  expect(outcomeOf(name, timeline).isPassed).toBe(false);
});

test.each(FAULT_NAMES)("%s: what it takes hold of ends with it, or it can be undone", (name) => {
  const { targets, costs, lastsS } = FAULTS[name];
  expect(
    0 < lastsS || targets.every((one) => costs.includes(one)) || name === "listener-drop",
  ).toBe(true);
});
