import { expect, test } from "vitest";
import {
  type ControlPlaneObservation,
  samplesPerQueues,
  senseControlPlane,
} from "../../../../src/domain/health/sensors/control-plane.ts";

const ANSWERED = { kind: "answered", ms: 3.4 } as const;
const SILENT = { kind: "silent", sinceS: 12, why: "no connection" } as const;
const SERVED = [
  { layer: "scan", pollers: 2 },
  { layer: "trader", pollers: 1 },
];
const WELL: ControlPlaneObservation = { hazelcast: ANSWERED, temporal: ANSWERED, queues: SERVED };

test.each([
  ["all answer", {}, 1, []],
  [
    "Hazelcast is silent",
    { hazelcast: SILENT },
    2 / 3,
    ["Hazelcast has not answered for 12 s: no connection"],
  ],
  [
    "Temporal is silent, so that nobody tells of workers",
    { temporal: SILENT, queues: SERVED.map(({ layer }) => ({ layer, pollers: null })) },
    1 / 2,
    ["Temporal has not answered for 12 s: no connection"],
  ],
  [
    "one layer is not served",
    { queues: [...SERVED, { layer: "health", pollers: 0 }, { layer: "batch", pollers: 0 }] },
    5 / 6,
    [],
  ],
  [
    "no layer is served",
    { queues: [{ layer: "scan", pollers: 0 }] },
    2 / 3,
    ["no worker serves layer scan ('dolphin worker scan' does)"],
  ],
  [
    "nothing was asked yet",
    { hazelcast: { kind: "unasked" }, temporal: { kind: "unasked" }, queues: [] },
    null,
    [],
  ],
] as const)("%s", (_what, changed, score, says) => {
  const found = senseControlPlane({ ...WELL, ...changed });
  expect(found.score).toBe(score);
  expect(found.parts.filter((part) => part.score === 0).map((part) => part.says)).toEqual(says);
});

test("task queues are asked about less while all of them are served", () => {
  const [scan] = SERVED;
  expect(samplesPerQueues(SERVED)).toBe(4);
  for (const known of [
    null,
    [scan!, { layer: "trader", pollers: 0 }],
    [{ layer: "scan", pollers: null }],
  ]) {
    expect(samplesPerQueues(known)).toBe(2);
  }
});
