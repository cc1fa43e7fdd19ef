/** What a page says of the forewarner's newest forecast. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  drawForecast,
  readForecast,
  scheduleWords,
} from "../../../src/operations/view/forecast-view.ts";
import { forewarnNowFile } from "../../../src/wire/forewarn/forewarn-place.ts";
import type { ForewarnRecord } from "../../../src/wire/forewarn/forewarn-record.ts";
import type { ScheduleRow } from "../../../src/wire/system-status.ts";
import { storeForecast, drawnForecast } from "../../helpers/trading/drawn-forecast.ts";

const AT = Date.parse("2026-03-25T00:05:00Z");
const HOUR = 3_600_000;
const dataDir = mkdtempSync(join(tmpdir(), "dolphin-forecast-view-"));
afterAll(() => rmSync(dataDir, { recursive: true }));

const CALM = 0.0005;
const breachOf = (either: number) => ({ breach: { drawdown: 0, dailyLoss: either, either } });
const young = { outcomes: 3, said: 0.1, came: 0, evidence: 1 };
const wrong = { outcomes: 40, said: 0.1, came: 0.9, evidence: 99 };

test.each<[string, Partial<ForewarnRecord>, number, string]>([
  [
    "counts by its weight",
    breachOf(0.12),
    HOUR,
    "asks for nothing: weight 50 % of 12.0 % counts as 6.0 %, STALKER is from 10 %",
  ],
  [
    "asks for smaller entries",
    breachOf(0.24),
    HOUR,
    "asks for STALKER: weight 50 % of 24.0 % counts as 12.0 %",
  ],
  [
    "asks for TURTLE",
    breachOf(0.7),
    HOUR,
    "asks for TURTLE: weight 50 % of 70.0 % counts as 35.0 %",
  ],
  [
    "is young",
    { weight: 0, calibration: young },
    HOUR,
    "weight is 0 until 20 forecasts have ended, 3 have",
  ],
  [
    "was wrong",
    { weight: 0, calibration: wrong },
    HOUR,
    "weight is 0, because the earlier ones were wrong too often",
  ],
  ["is too old", breachOf(0.7), 49 * HOUR, "asks for nothing: it is older than 2 days"],
  ["is of the future", breachOf(0.7), -HOUR, "asks for nothing: its time is ahead of the clock"],
  [
    "has no verdict",
    { verdict: "unknown", breach: null, envelope: [] },
    HOUR,
    "asks for nothing: it has no verdict",
  ],
])("a forecast that %s says what it asks of the posture", (_, over, ageMs, says) => {
  storeForecast(dataDir, drawnForecast(AT, CALM, over));
  expect(readForecast({ dataDir, nowMs: AT + ageMs })).toMatchObject({
    asOfMs: AT,
    budgetS: 172_800,
    posture: expect.stringContaining(says) as unknown,
  });
});

test("the picture has the line of the drawdown limit only where the fan comes near it", () => {
  storeForecast(dataDir, drawnForecast(AT, CALM));
  const far = drawForecast(dataDir, "wide") ?? "";
  expect(readForecast({ dataDir, nowMs: AT })).toMatchObject({ limit: { isShown: false } });
  expect(far).not.toContain('class="limit"');
  storeForecast(dataDir, drawnForecast(AT, 0.02));
  expect(readForecast({ dataDir, nowMs: AT })).toMatchObject({ limit: { isShown: true } });
  const near = drawForecast(dataDir, "narrow") ?? "";
  expect(near).toContain('class="limit"');
  expect(near).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="330"/);
  expect(near).not.toMatch(/NaN|undefined|Infinity/);
});

test.each([
  ["torn", '{"version":2,"book":"BLUE"', "holds no forecast: 'dolphin forewarn run'"],
  ["huge", `"${"x".repeat(2_000_000)}"`, "holds no forecast"],
  ["of another kind", '{"version":2,"as_of":"2026-03-25T00:00:00Z"}', "holds no forecast"],
])("a file that is %s is said to be no forecast, and draws nothing", (_, text, says) => {
  mkdirSync(dirname(forewarnNowFile(dataDir, "BLUE")), { recursive: true });
  writeFileSync(forewarnNowFile(dataDir, "BLUE"), text);
  expect(readForecast({ dataDir, nowMs: AT })).toEqual({
    absent: expect.stringContaining(says) as unknown,
  });
  expect(drawForecast(dataDir, "wide")).toBeNull();
});

test("there is no picture of a form that is not known, or where there is no forecast", () => {
  storeForecast(dataDir, drawnForecast(AT, CALM));
  expect(drawForecast(dataDir, "constructor")).toBeNull();
  expect(drawForecast(join(dataDir, "nowhere"), "wide")).toBeNull();
});

const row: ScheduleRow = {
  schedule: "mc-forewarner",
  paused: null,
  last_due_at: "2026-03-25T00:05:00.000000+00:00",
  last_late_s: 0,
  next_at: "2026-03-26T00:05:00.000000+00:00",
  schedule_skipped: 0,
  overlap_skipped: 0,
};

test.each<[string, ScheduleRow | undefined | null, number | null, string]>([
  ["left a forecast", row, AT + 1_000, "nothing is wrong"],
  ["has not run yet", { ...row, last_due_at: null }, null, "nothing is wrong"],
  ["left none since", row, AT - 24 * HOUR, "the run that was due at 2026-03-25T00:05"],
  ["never left one", row, null, "the run that was due at 2026-03-25T00:05"],
  [
    "is paused",
    { ...row, paused: "for repair" },
    AT,
    "none will come: the schedule is paused (for repair)",
  ],
  ["is not there", undefined, AT, "'dolphin create' makes it"],
  ["is not known", null, AT, "Temporal does not answer"],
])("a schedule that %s is told beside the forecast", (_, of, asOfMs, says) => {
  const told = scheduleWords(of, asOfMs, AT + 2 * HOUR);
  expect(told ?? "nothing is wrong").toContain(says);
  // A run takes its time.
  expect(scheduleWords(row, AT - HOUR, AT + HOUR / 2)).toBeNull();
});
