/** Values as the page writes them. */
import { expect, test } from "vitest";

type Format = { readonly duration: (this: void, seconds: number | null) => string };
const FORMAT = new URL("../../src/dashboard/public/format.js", import.meta.url);
const { duration }: Format = await import(FORMAT.href);

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
