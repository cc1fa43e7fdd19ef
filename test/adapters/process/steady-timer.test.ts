import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { everySteadily, untilNextMs } from "../../../src/adapters/process/steady-timer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("calls that began at different times come together, and end one by one", () => {
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(`${name} ${performance.now()}`);
  const endA = everySteadily(200, note("a"));
  vi.advanceTimersByTime(130);
  const endB = everySteadily(200, note("b"));
  vi.advanceTimersByTime(1_000);
  const times = (name: string) =>
    calls.filter((call) => call.startsWith(name)).map((call) => call.slice(2));
  expect(times("b")).toHaveLength(5);
  expect(times("a")).toEqual(expect.arrayContaining(times("b")));
  endA();
  endA();
  calls.length = 0;
  vi.advanceTimersByTime(400);
  expect(calls.map((call) => call[0])).toEqual(["b", "b"]);
  endB();
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  [1_000, 5_300, 700],
  [1_000, 5_000, 1_000],
  // A timer that is a little early serves the moment that is next.
  [1_000, 5_999.2, 1_000.8],
  [200, 7_050, 150],
])("in steps of %s ms the next moment after %s is %s ms away", (intervalMs, nowMs, leftMs) => {
  expect(untilNextMs(intervalMs, nowMs)).toBeCloseTo(leftMs);
});

test("each call runs in the context of who asked for it", () => {
  const whose = new AsyncLocalStorage<string>();
  const heard: (string | undefined)[] = [];
  const note = () => void heard.push(whose.getStore());
  const ends = ["one", "other"].map((name) => whose.run(name, () => everySteadily(1_000, note)));
  ends.push(everySteadily(1_000, note));
  vi.advanceTimersByTime(1_000);
  expect(heard).toEqual(["one", "other", undefined]);
  for (const end of ends) end();
  expect(vi.getTimerCount()).toBe(0);
});
