import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NUMBER_BYTES_MAX, writeNumber } from "../../../src/wire/arrow/number-text.ts";

const out = Buffer.alloc(64);

/** The text parses back to the same bits, as JSON too, and keeps its place. */
function check(value: number): string {
  out.fill(0x23);
  const end = writeNumber(out, 8, value);
  const text = out.toString("latin1", 8, end);
  expect(JSON.parse(text)).toBe(value);
  expect(end - 8).toBeLessThanOrEqual(NUMBER_BYTES_MAX);
  expect(out[7]).toBe(0x23);
  expect(out[8 + NUMBER_BYTES_MAX]).toBe(0x23);
  return text;
}

describe("a number's text", () => {
  test.each([
    [0, "0"],
    [-0, "-0"],
    [1, "1"],
    [-1.5, "-1.5"],
    [67_123.45, "67123.45"],
    [0.00000001, "0.00000001"],
    [0.1, "0.1"],
    [90_071_992.54740991, "90071992.54740991"],
    [100_000_000, "100000000"],
    [123_456_789_000, "123456789000"],
    [1e15, "1000000000000000"],
    [1e21, "1e+21"],
    [1 / 3, "0.33333333333333331"],
    [2 ** -60, "8.6736173798840355e-19"],
    [5e-324, "5e-324"],
  ])("of %d is %s", (value, text) => expect(check(value)).toBe(text));

  test("is exact beside every power of two and of ten", () => {
    const powers = [
      ...Array.from({ length: 2098 }, (_, at) => 2 ** (at - 1074)),
      ...Array.from({ length: 632 }, (_, at) => Number(`1e${at - 323}`)),
    ];
    expect(powers).toHaveLength(2730);
    for (const power of powers) {
      for (const factor of [1, 1 + 2 ** -52, 1 - 2 ** -53, 9.5, 9.999999999999998]) {
        if (Number.isFinite(power * factor)) check(power * factor);
      }
    }
  });

  test("is exact for any double", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, (value) => void check(value)),
      { numRuns: 5_000 },
    );
  });

  test("is exact for any decimal", () => {
    const decimal = fc.tuple(fc.maxSafeNat(), fc.integer({ min: 0, max: 22 }));
    fc.assert(
      fc.property(decimal, ([digits, places]) => void check(Number(`${digits}e-${places}`))),
      { numRuns: 5_000 },
    );
  });
});
