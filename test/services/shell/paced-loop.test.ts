import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startPacedLoop } from "../../../src/services/shell/paced-loop.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start(waitsMs: readonly number[]) {
  const begunMs = Date.now();
  const turnsMs: number[] = [];
  const loop = startPacedLoop({
    turn() {
      turnsMs.push(Date.now() - begunMs);
      return waitsMs[turnsMs.length - 1] ?? 1_000;
    },
    apartMs: 50,
    nowMs: () => Date.now(),
  });
  return { loop, turnsMs };
}

test("turns wait as long as each says", () => {
  // Node has no timer shorter than a millisecond.
  const { turnsMs } = start([0, 50, 200]);
  vi.advanceTimersByTime(1_000);
  expect(turnsMs).toEqual([0, 1, 51, 251]);
});

test("news bring the next turn forward, once, and not closer than allowed", () => {
  const { loop, turnsMs } = start([]);
  vi.advanceTimersByTime(10);
  for (let news = 0; news < 100; news += 1) loop.wake();
  vi.advanceTimersByTime(290);
  expect(turnsMs).toEqual([0, 50]);
  loop.wake();
  vi.advanceTimersByTime(0);
  expect(turnsMs).toEqual([0, 50, 300]);
});

test("no timer is set in the past where the clock goes on between two readings", () => {
  let nowMs = 0;
  const waitsMs: unknown[] = [];
  const fake = globalThis.setTimeout;
  // Not by a spy: what restores it would leave the fake timers to the next file of this process.
  globalThis.setTimeout = new Proxy(fake, {
    apply(target, self, args) {
      waitsMs.push(args[1]);
      return Reflect.apply(target, self, args);
    },
  });
  try {
    const loop = startPacedLoop({ turn: () => 1_000, apartMs: 50, nowMs: () => (nowMs += 20) });
    vi.advanceTimersByTime(0);
    nowMs += 200;
    loop.wake();
    loop.stop();
  } finally {
    globalThis.setTimeout = fake;
  }
  expect(waitsMs).toEqual([0, 1_000, 0]);
});

test("a turn that is due sooner is not put off by news, and none follows a stop", () => {
  const { loop, turnsMs } = start([20]);
  vi.advanceTimersByTime(10);
  loop.wake();
  vi.advanceTimersByTime(10);
  expect(turnsMs).toEqual([0, 20]);
  loop.stop();
  loop.wake();
  vi.advanceTimersByTime(5_000);
  expect(turnsMs).toEqual([0, 20]);
});
