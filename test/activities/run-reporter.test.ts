/** Which news of a run is reported to its supervisor at once. */
import { expect, test } from "vitest";
import { createReporter } from "../../src/activities/run-reporter.ts";
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
