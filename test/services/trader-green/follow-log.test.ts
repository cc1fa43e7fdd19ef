import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followLog } from "../../../src/services/trader-green/follow-log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A log that is given its number of unread slices; `isNotifying`: its writes are notified. */
function follow(isNotifying: boolean) {
  const log = { slices: 0, looks: 0, news: 0, renewals: 0, write: () => {} };
  const following = followLog({
    takeSlice() {
      log.looks += 1;
      const isNews = 0 < log.slices;
      log.slices = Math.max(0, log.slices - 1);
      return { isNews, hasMore: 0 < log.slices };
    },
    watch(onWrite) {
      log.write = onWrite;
      const renew = () => void (log.renewals += 1);
      return { isNotifying: () => isNotifying, renew, close: () => {} };
    },
    onNews: () => (log.news += 1),
    nowMs: () => Date.now(),
  });
  return { log, following };
}

test("while writes are reported, a quiet log is checked once a second, and a write is read at once", () => {
  const { log, following } = follow(true);
  vi.advanceTimersByTime(10_000);
  expect(log.looks).toBeLessThanOrEqual(11);
  vi.advanceTimersByTime(500);
  const { looks } = log;
  log.slices = 3;
  for (let write = 0; write < 20; write += 1) log.write();
  vi.advanceTimersByTime(10);
  expect(log).toMatchObject({ looks: looks + 3, news: 3, renewals: 0 });
  vi.advanceTimersByTime(100);
  expect(following.ageMs()).toBeGreaterThanOrEqual(100);
  following.stop();
});

test("where no write is reported, it is checked as often as an event may wait", () => {
  const { log, following } = follow(false);
  vi.advanceTimersByTime(1_000);
  expect(log.looks).toBe(21);
  following.stop();
});

test("writes that were not reported: the folder is watched again", () => {
  const { log, following } = follow(true);
  vi.advanceTimersByTime(100);
  log.slices = 1;
  vi.advanceTimersByTime(1_000);
  expect(log).toMatchObject({ news: 1, renewals: 1 });
  following.stop();
});
