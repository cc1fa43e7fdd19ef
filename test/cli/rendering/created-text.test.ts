import { expect, test } from "vitest";
import { changedLines, createdText } from "../../../src/cli/rendering/created-text.ts";

const CHANGE = { what: "restarts_max", from: "3", to: "5" };
const CREATED = {
  search_attributes: { created: ["A"], all: ["A", "B"] },
  supervisors: [
    { service: "x", workflow_id: "supervise-x", created: true, changes: [], problem: null },
    { service: "y", workflow_id: "supervise-y", created: false, changes: [CHANGE], problem: null },
    {
      service: "z",
      workflow_id: "supervise-z",
      created: false,
      changes: [CHANGE],
      problem: "no worker polls task queue dolphin-trader",
    },
  ],
  schedules: [
    {
      schedule_id: "daily",
      created: false,
      changes: [
        { what: "at", from: "00:20", to: "03:00" },
        { what: "enabled", from: "false", to: "true" },
      ],
      paused: null,
    },
    { schedule_id: "held", created: false, changes: [], paused: "till the move is over" },
  ],
  meta_health: { workflow_id: "meta-health", created: true, changes: [], problem: null },
  task_queues: [
    { layer: "scan" as const, task_queue: "dolphin-scan", pollers: 1 },
    { layer: "batch" as const, task_queue: "dolphin-batch", pollers: 0 },
  ],
};
const CHANGED = [
  "supervisor supervise-y: changed restarts_max from 3 to 5",
  "supervisor supervise-z: not changed: restarts_max from 3 to 5: no worker polls task queue dolphin-trader",
  "schedule daily: changed at from 00:20 to 03:00",
  "schedule daily: changed enabled from false to true",
];

test("create says what it did, a line each, and which queues nobody serves", () => {
  expect(createdText(CREATED)).toEqual([
    "search attribute A: created",
    "search attribute B: unchanged",
    "supervisor supervise-x: created",
    ...CHANGED,
    "schedule held: unchanged, paused: till the move is over",
    "workflow meta-health: created",
    "task queue dolphin-batch: no worker polls it; 'dolphin worker batch' starts one",
  ]);
  expect(changedLines(CREATED)).toEqual(CHANGED);
});
