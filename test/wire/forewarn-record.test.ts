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

test.each([
  ["nothing", null],
  ["what is no text", { no: "text" }],
  ["what is no JSON", "{"],
  ["what has no time", '{"as_of":"soon"}'],
  ["an older forecast", forecastOf(MARCH_1)],
])("a forecast is pushed over %s", (_, before) => {
  const text = pushedForecast(before, forecastOf(MARCH_2), "now");
  expect(JSON.parse(text ?? "null")).toMatchObject({ as_of: MARCH_2, _pushed_at: "now" });
});

test("a forecast from the future, by a wrong clock, does not keep out the present one", () => {
  const text = pushedForecast(forecastOf("2027-01-01T00:00:00Z"), forecastOf(MARCH_1), MARCH_2);
  expect(JSON.parse(text ?? "null")).toMatchObject({ as_of: MARCH_1 });
});

test.each([
  ["itself", MARCH_2],
  ["a newer one", "2026-03-02T00:00:00.001000Z"],
])("a forecast is not pushed over %s", (_, stands) => {
  const before = pushedForecast(null, forecastOf(stands), "then");
  expect(pushedForecast(before, forecastOf(MARCH_2), "now")).toBeNull();
});
