/** Whether a day that a running system recorded, inputs and all, is what its log and the archive say. */
import { expect } from "vitest";
import { z } from "zod";
import { spawnSync } from "./run-program.ts";
import { DOLPHIN } from "./up.ts";

/** On a busy machine a reading may reach the trader a scan later than the store. */
const LATE_READINGS_MAX = 0.01;

const DriftReport = z.object({
  decisions: z.object({ compared: z.number(), causes: z.object({ feature: z.number() }) }),
});

/** Today: run again from the log, and over the archive with what was recorded of the inputs. */
export function checkRecordedDay(dataDir: string, config: string): void {
  const day = new Date().toISOString().slice(0, 10);
  const run = (...verb: readonly string[]): unknown => {
    const args = ["--data-dir", dataDir, "--config", config, ...verb, day, "--json"];
    return JSON.parse(String(spawnSync(DOLPHIN, args).stdout));
  };
  expect(run("replay")).toMatchObject({ verdict: "equal" });
  const drift = run("backtest", "drift");
  expect(drift).toMatchObject({
    measured: true,
    decisions: { causes: { unexplained: 0 } },
    trades: { causes: { unexplained: 0 } },
  });
  const { compared, causes } = DriftReport.parse(drift).decisions;
  expect(causes.feature).toBeLessThanOrEqual(LATE_READINGS_MAX * compared);
}
