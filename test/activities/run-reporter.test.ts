/** How often a run is observed, and which of its news are reported to its supervisor at once. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createReporter, startRunBeats } from "../../src/activities/run-reporter.ts";
import { everySteadily } from "../../src/adapters/process/steady-timer.ts";
import type { RunReport } from "../../src/workflows/messages/supervision.ts";
import type { RunDetails } from "../../src/wire/supervision.ts";
import { runDetails, REPORTED_AT } from "../helpers/supervision/run-details.ts";

const DETAILS = runDetails({ restart_times: ["2026-03-26T04:00:00+00:00"] });

test("a process, and re-dated restarts, are reported at once; what is unchanged is not", async () => {
  const reports: RunReport[] = [];
  const report = (_service: string, reported: RunReport): Promise<boolean> => {
    reports.push(reported);
    return Promise.resolve(true);
  };
  const reporter = createReporter({ report, healthCheckMs: 3_600_000 }, "scan-bridge", "run");
  const see = async (details: RunDetails): Promise<number> => {
    reporter.see(details);
    await Promise.resolve();
    await Promise.resolve();
    return reports.length;
  };
  expect(await see(DETAILS)).toBe(1);
  expect(await see({ ...DETAILS, rss_mb: 101 })).toBe(1);
  const dated = { ...DETAILS, restart_times: [REPORTED_AT] };
  expect(await see(dated)).toBe(2);
  expect(await see(dated)).toBe(2);
  expect(reports[1]).toEqual({ run_id: "run", details: dated });
  reporter.stop();
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a process that starts is observed five times a second, one that runs with its heartbeat", () => {
  let present: RunDetails = runDetails({ pid: null, word: "Starting" });
  const beats: (number | null)[] = [];
  let looks = 0;
  const end = startRunBeats(
    { everySteadily },
    { details: () => present, see: () => (looks += 1), beat: ({ pid }) => beats.push(pid) },
  );
  const looksIn = (ms: number): number => {
    looks = 0;
    vi.advanceTimersByTime(ms);
    return looks;
  };
  looksIn(1_100);
  present = runDetails({ pid: 77, word: "Starting" });
  expect(looksIn(2_000)).toBe(12);
  present = runDetails({ pid: 77 });
  looksIn(1_000);
  expect(looksIn(10_000)).toBe(10);
  // Another life while Temporal is away: found by the next heartbeat, and followed from there.
  present = runDetails({ pid: null });
  looksIn(1_000);
  expect(looksIn(2_000)).toBe(12);
  expect(beats.slice(0, 3)).toEqual([null, 77, 77]);
  expect(beats).toHaveLength(17);
  end();
  expect(vi.getTimerCount()).toBe(0);
});

test("the first heartbeat does not wait for its second once there is a process", () => {
  let present: RunDetails = runDetails({ pid: null, word: "Starting" });
  const beats: number[] = [];
  const begun = performance.now();
  const end = startRunBeats(
    { everySteadily },
    {
      details: () => present,
      see: () => undefined,
      beat: () => beats.push(performance.now() - begun),
    },
  );
  present = runDetails({ pid: 77, word: "Starting" });
  vi.advanceTimersByTime(250);
  expect(beats[0]).toBeLessThanOrEqual(200);
  end();
});
