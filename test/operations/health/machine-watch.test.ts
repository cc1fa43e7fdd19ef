import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { bootMs, monotonicMs } from "../../../src/adapters/clock.ts";
import {
  createClockWatch,
  createProcessorWatch,
} from "../../../src/operations/health/machine-watch.ts";

test.each([
  ["goes steadily", 5, 5, null],
  ["goes on while the machine sleeps for an hour", 3_600, 3_600, null],
  ["is set on", 65, 5, 60],
  ["is set back", -55, 5, -60],
])("the clock of a machine that %s: %s s by the wall in %s s", (_what, wallS, bootS, stepS) => {
  let sinceBootMs = 1_000_000;
  const poll = createClockWatch(() => sinceBootMs);
  const wallUs = 1_774_433_700_000_000;
  expect(poll(wallUs)).toEqual({ stepS: null, recentStepS: null });
  sinceBootMs += bootS * 1_000;
  expect(poll(wallUs + wallS * 1e6).recentStepS).toBe(stepS);
});

test("the time since the machine started is no less than any process knows", () => {
  const [first, process] = [bootMs(), monotonicMs()];
  // It is read in hundredths of a second.
  expect(first + 20).toBeGreaterThan(process);
  expect(bootMs()).toBeGreaterThanOrEqual(first);
});

test("a process knows what it waits for a processor, from its first look on", async () => {
  const poll = createProcessorWatch();
  expect(poll()).toBeGreaterThanOrEqual(0);
  for (let at = 0; at < 100; at += 1) await delay(1);
  expect(poll()).toBeGreaterThanOrEqual(0);
});

test.each([
  ["by other processes", 0, 200],
  ["by a quota of its group", 10_000, 0],
  ["half by each", 5_000, 100],
])("of a process kept from running %s, what is the machine's counts", (_by, throttledMs, found) => {
  let now = { waitedMs: 0, runs: 0, throttledMs: 70_000 };
  const look = createProcessorWatch(() => now);
  expect(look()).toBe(0);
  // In five seconds on two processors: the main thread, and others of the group.
  now = { waitedMs: 10_000, runs: 10, throttledMs: 70_000 + throttledMs };
  expect(look()).toBe(found);
});
