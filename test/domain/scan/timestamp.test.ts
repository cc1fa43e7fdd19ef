import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { microsFromIso, microsFromUnit } from "../../../src/domain/scan/timestamp.ts";
import { isoFromMicros } from "../../../src/domain/time.ts";

describe("ISO-8601 text", () => {
  test.each([
    ["2026-03-25T10:20:30.123456+00:00", "2026-03-25T10:20:30.123456+00:00"],
    ["2026-03-25T10:20:30Z", "2026-03-25T10:20:30.000000+00:00"],
    ["2026-03-25 10:20:30", "2026-03-25T10:20:30.000000+00:00"],
    ["2026-03-25T10:20:30.1", "2026-03-25T10:20:30.100000+00:00"],
    ["2026-03-25T10:20:30,5Z", "2026-03-25T10:20:30.500000+00:00"],
    ["2026-03-25T10:20:30.1234569Z", "2026-03-25T10:20:30.123456+00:00"],
    ["2026-03-25T00:20:30+02:00", "2026-03-24T22:20:30.000000+00:00"],
    ["2026-03-25T22:20:30-0530", "2026-03-26T03:50:30.000000+00:00"],
    ["2026-03-25T10:20:30+02", "2026-03-25T08:20:30.000000+00:00"],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000+00:00"],
    ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000+00:00"],
    ["1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999+00:00"],
  ])("%s is %s", (text, moment) => {
    expect(isoFromMicros(microsFromIso(text) ?? Number.NaN)).toBe(moment);
  });

  test.each([
    "",
    "now",
    "1774434030",
    "2026-03-25",
    "2026-03-25T10:20",
    "2026-02-30T10:20:30Z",
    "2026-02-29T10:20:30Z",
    "2026-13-01T10:20:30Z",
    "2026-00-01T10:20:30Z",
    "2026-01-00T10:20:30Z",
    "2026-03-25T24:00:00Z",
    "2026-03-25T10:60:30Z",
    "2026-03-25T10:20:61Z",
    "2026-03-25T10:20:30+24:00",
    "2026-03-25T10:20:30 UTC",
    "2026-03-25T10:20:30Z\n",
  ])("%j names no moment", (text) => expect(microsFromIso(text)).toBeNull());

  test("is read as Date reads it, to the millisecond", () => {
    const range = { min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z") };
    fc.assert(
      fc.property(fc.date({ ...range, noInvalidDate: true }), (date) => {
        expect(microsFromIso(date.toISOString())).toBe(date.getTime() * 1_000);
      }),
    );
  });

  test("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }), (micros) => {
        expect(microsFromIso(isoFromMicros(micros))).toBe(micros);
      }),
    );
  });
});

test.each([
  [1n, "s", 1_000_000],
  [-1n, "ms", -1_000],
  [5n, "us", 5],
  [1_774_434_030_123_456_789n, "ns", 1_774_434_030_123_456],
  [2n ** 63n - 1n, "s", 9.223372036854776e24],
] as const)("%d %s are %d us", (value, unit, micros) => {
  expect(microsFromUnit(value, unit)).toBe(micros);
});
