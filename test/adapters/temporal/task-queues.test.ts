import { expect, test } from "vitest";
import { pollersOf, pollsOn } from "../../../src/adapters/temporal/task-queues.ts";

const HOUR_S = 3_600;

/** What a server answers whose clock is behind ours by this much, of polls of these ages by its clock. */
function serverBehind(seconds: number, agesS: readonly number[]) {
  const nowMs = Date.now() - seconds * 1_000;
  const polls = agesS.map((age, at) => ({ identity: `worker ${at}`, atMs: nowMs - age * 1_000 }));
  return { polls: () => Promise.resolve(polls) };
}

test.each([
  ["a right clock", 0, [5, 40], 2],
  ["a right clock, and a worker that has ended", 0, [5, 200], 1],
  ["a right clock, and none that still polls", 0, [100, 200], 0],
  ["a clock that is an hour ahead", HOUR_S, [5, 40], 2],
  ["a clock that is an hour ahead, and a worker that has ended", HOUR_S, [5, 200], 1],
  ["a clock that is an hour behind", -HOUR_S, [5, 40], 2],
  ["a clock that is an hour behind, and a worker that has ended", -HOUR_S, [5, 200], 1],
  ["nobody at all", 0, [], 0],
])("by %s", async (_, behindS, agesS, pollers) => {
  const reads = serverBehind(behindS, agesS);
  expect(await pollersOf(reads, ["scan"])).toEqual([
    { layer: "scan", task_queue: "dolphin-scan", pollers },
  ]);
  expect(await pollsOn(reads, "scan")).toHaveLength(pollers);
});
