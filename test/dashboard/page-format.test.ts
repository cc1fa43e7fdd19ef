/** Values as the page writes them. */
import { expect, test } from "vitest";

type Format = {
  readonly duration: (this: void, seconds: number | null) => string;
  readonly latency: (this: void, ms: number | null) => string;
  readonly tickTexts: (this: void, ticks: readonly (number | null)[]) => readonly string[];
};
const FORMAT = new URL("../../src/dashboard/public/format.js", import.meta.url);
const { duration, latency, tickTexts }: Format = await import(FORMAT.href);

test.each([
  [null, "-"],
  [0, "0.0 s"],
  [90, "90 s"],
  [3_540, "59 min"],
  [100_000, "27 h 46 min"],
  // An incident that began before the clock was set back an hour.
  [-3_540, "-59 min"],
] as const)("%s seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [null, "-"],
  [0.04, "0.04 ms"],
  [-0.5, "-0.50 ms"],
  [4_259, "4259 ms"],
  // From a writer whose clock is an hour ahead.
  [-3_599_993, "-59 min"],
] as const)("a hop of %s milliseconds is %s", (ms, text) => {
  expect(latency(ms)).toBe(text);
});

test.each([
  [
    [0.00003, 0.000035, 0.00004],
    ["0.00003", "0.000035", "0.00004"],
  ],
  [
    [99_800, 100_000],
    ["99,800", "100,000"],
  ],
  [
    [-0.25, 0, 0.25],
    ["-0.25", "0", "0.25"],
  ],
  [[0.000_007], ["0.000007"]],
  [
    [null, 1, 2],
    ["", "1", "2"],
  ],
  [[0], ["0"]],
])("an axis tells its ticks %j apart", (ticks, texts) => {
  expect(tickTexts(ticks)).toEqual(texts);
});
