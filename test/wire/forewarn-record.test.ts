import { expect, test } from "vitest";
import { pushedForecast } from "../../src/wire/forewarn/forewarn-record.ts";

function forecastOf(asOf: string): string {
  return JSON.stringify({
    version: 1,
    book: "BLUE",
    as_of: asOf,
    horizon_end: "2026-03-03T00:00:00.000000Z",
    seed: 1,
    data_hash: "",
    paths: 100,
    verdict: "unknown",
    reason: "",
    weight: 0,
    breach: null,
    trades: 0,
    trades_per_day: 0,
    capital: 0,
    mean_block: null,
    conditioned_on: null,
    envelope: [],
    calibration: { outcomes: 0, said: null, came: null, evidence: 1 },
  });
}

const MARCH_1 = "2026-03-01T00:00:00.000000Z";
const MARCH_2 = "2026-03-02T00:00:00.000000Z";
const NOW_US = Date.parse("2026-03-02T00:10:00Z") * 1_000;

test.each([
  ["nothing", null],
  ["what is no text", { no: "text" }],
  ["what is no JSON", "{"],
  ["what has no time", '{"as_of":"soon"}'],
  ["an older forecast", forecastOf(MARCH_1)],
  ["one of a clock that was set back since", forecastOf("2026-03-02T01:00:00.000000Z")],
])("a forecast is pushed over %s", (_, before) => {
  const text = pushedForecast(before, forecastOf(MARCH_2), NOW_US);
  expect(JSON.parse(text ?? "null")).toMatchObject({
    as_of: MARCH_2,
    _pushed_at: "2026-03-02T00:10:00.000000+00:00",
  });
});

test.each([
  ["itself", MARCH_2],
  ["a newer one", "2026-03-02T00:00:00.001000Z"],
])("a forecast is not pushed over %s", (_, stands) => {
  const before = pushedForecast(null, forecastOf(stands), NOW_US);
  expect(pushedForecast(before, forecastOf(MARCH_2), NOW_US)).toBeNull();
});
