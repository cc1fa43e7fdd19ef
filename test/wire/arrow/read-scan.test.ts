import { TimeUnit } from "apache-arrow";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isoFromMicros } from "../../../src/domain/time.ts";
import { readScanGeneral } from "../../../src/wire/arrow/any-layout/any-layout.ts";
import { readScanFast } from "../../../src/wire/arrow/read-scan.ts";
import {
  checkReading,
  makeScan,
  PLAIN_SCAN,
  scanFixture,
  scanFixtures,
  type MadeScan,
} from "../../helpers/arrow-scans.ts";

/** What the hot path must read by itself, with and without columns that nobody knows. */
const FAST = new Set([
  "time-us-utc.file.none",
  "time-us-utc.stream.none",
  "time-ns-naive.file.none",
  "prices-null.file.none",
  "assets-unicode.file.none",
  "eigenvalues-none.file.none",
  "columns-shuffled.file.none",
  "extra-struct-last.file.none",
  "extra-run-end-first.file.none",
]);

describe("a file by pyarrow", () => {
  test.each(scanFixtures())("%s is read", (name, expected) => {
    const bytes = scanFixture(name);
    const fast = readScanFast(bytes);
    expect(fast.kind).not.toBe("incomplete");
    if (FAST.has(name) || fast.kind !== "needs_general") checkReading(fast, expected);
    checkReading(readScanGeneral(bytes), expected);
  });
});

/** Both readers give the same; the fast one may only decline. */
function checkSame(bytes: Buffer): ReturnType<typeof readScanFast> {
  const fast = readScanFast(bytes);
  const general = fast.kind === "needs_general" ? fast : readScanGeneral(bytes);
  // As text, because deep comparison of thousands of readings takes most of the time.
  expect(JSON.stringify(general)).toBe(JSON.stringify(fast));
  return fast;
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const { SECOND, MILLISECOND, MICROSECOND, NANOSECOND } = TimeUnit;
const timeUnit = fc.constantFrom(SECOND, MILLISECOND, MICROSECOND, NANOSECOND);
const form = fc.constantFrom("file" as const, "stream" as const);
const framing = {
  timeUnit,
  timeZone: fc.constantFrom("UTC", null, "Europe/Berlin"),
  unused: fc.nat(9),
  form,
  metadata: fc.constantFrom(new Map<string, string>(), new Map([["writer", "NG6"]])),
};
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const price = fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true });
const descending = fc
  .array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 })
  .map((values) => values.toSorted((a, b) => b - a));

/** A scan that the contract allows, with some prices that it leaves out. */
const validScan = fc
  .uniqueArray(fc.tuple(name, price), { minLength: 2, maxLength: 40, selector: ([key]) => key })
  .chain((assets) =>
    fc.record({
      ...framing,
      scanNumber: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }),
      timeUnit: fc.constant(MICROSECOND),
      timestamp: fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n }),
      assets: fc.constant(assets.map(([key]) => key)),
      prices: fc
        .tuple(
          fc.nat(Math.floor(assets.length / 2)),
          fc.constantFrom(null, Number.NaN, 0, -1, Infinity),
        )
        .map(([invalid, value]) => assets.map(([, good], at) => (at < invalid ? value : good))),
      eigenvalues: descending,
    }),
  );

/** Anything that fits the columns' types. */
const anyScan: fc.Arbitrary<MadeScan> = fc.record({
  ...framing,
  scanNumber: fc.oneof(int64, fc.constant(7n)),
  timestamp: fc.oneof(int64, fc.constant(PLAIN_SCAN.timestamp)),
  assets: fc.array(fc.option(fc.oneof(name, fc.string()), { freq: 20 }), { maxLength: 12 }),
  prices: fc.array(fc.option(fc.double(), { freq: 5 }), { maxLength: 12 }),
  eigenvalues: fc.oneof(descending, fc.array(fc.option(fc.double()), { maxLength: 5 })),
});

describe("the two readers", () => {
  test("read a valid scan to the same bits, and the fast one reads it", () => {
    fc.assert(
      fc.property(validScan, (made) => {
        const read = checkSame(makeScan(made));
        const valid = made.assets
          .map((asset, at) => [asset, made.prices[at] ?? 0] as const)
          .filter(([, value]) => Number.isFinite(value) && 0 < value);
        const kept = new Set(valid.map(([asset]) => asset));
        checkReading(read, {
          scan_number: Number(made.scanNumber),
          timestamp: isoFromMicros(Number(made.timestamp)),
          assets: [...kept],
          asset_prices: valid,
          eigenvalues: made.eigenvalues,
          assets_invalid: made.assets.filter((asset) => !kept.has(asset)),
        });
      }),
      { numRuns: 500 },
    );
  });

  test("agree about anything that fits the types", () => {
    fc.assert(
      fc.property(anyScan, (made) => void checkSame(makeScan(made))),
      { numRuns: 500 },
    );
  });

  test.each(["time-us-utc.file.none", "time-us-utc.stream.none", "prices-null.file.none"])(
    "agree about %s with any bit flipped",
    (fixture) => {
      const bytes = scanFixture(fixture);
      const kinds = new Map<string, number>();
      for (let at = 0; at < bytes.length * 8; at += 1) {
        bytes[at >> 3]! ^= 1 << (at & 7);
        const { kind } = checkSame(bytes);
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        bytes[at >> 3]! ^= 1 << (at & 7);
      }
      // Arrow has no checksum: flipped numbers are read as such.
      expect(kinds.get("scan")).toBeGreaterThan(0);
      expect(kinds.get("invalid")).toBeGreaterThan(0);
    },
  );

  test("agree with any three bytes damaged", () => {
    const flip = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    const flips = fc.array(flip, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(flips, form, (damage, fileForm) => {
        const bytes = makeScan({ form: fileForm });
        for (const [at, bits] of damage) bytes[at % bytes.length]! ^= bits;
        checkSame(bytes);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the names kept from scan to scan", () => {
  test.each([
    { assets: ["B", "A"], prices: [1, 2] },
    { assets: ["AB", "C"], prices: [1, 2] },
    { assets: ["A", "BC"], prices: [1, 2] },
    { assets: ["A", "B", "C"], prices: [1, 2, 3] },
    { assets: ["A"], prices: [1] },
  ])("are replaced by %j", (changes) => {
    readScanFast(makeScan({ assets: ["A", "B"], prices: [1, 2] }));
    const read = checkSame(makeScan(changes));
    expect(read).toMatchObject({ kind: "scan", scan: { assetCount: changes.assets.length } });
  });
});
