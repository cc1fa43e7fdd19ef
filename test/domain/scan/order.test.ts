import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareScans,
  compareWaiting,
  isLate,
  isReplayed,
  type Newest,
  REPLAYED_AFTER_MS,
  type Timed,
} from "../../../src/domain/scan/order.ts";

const scan = fc.record({
  timeUs: fc.integer({ min: -5, max: 5 }),
  name: fc.constantFrom("a", "b", "B", "é"),
  scanNumber: fc.integer({ min: 1, max: 5 }),
});

test("the order is total: by time, then by name", () => {
  fc.assert(
    fc.property(scan, scan, scan, (a, b, c) => {
      expect(Math.sign(compareScans(a, b))).toBe(0 - Math.sign(compareScans(b, a)));
      const isChain = compareScans(a, b) <= 0 && compareScans(b, c) <= 0;
      expect(!isChain || compareScans(a, c) <= 0).toBe(true);
      const isEqual = a.timeUs === b.timeUs && a.name === b.name;
      expect(compareScans(a, b) === 0).toBe(isEqual);
    }),
  );
});

const waitingName = fc
  .array(fc.constantFrom("1", "01", "9", "10", "a", "_", ".", "é"), { maxLength: 5 })
  .map((parts) => parts.join(""));
const named = fc.record({ timeUs: fc.integer({ min: 0, max: 1 }), name: waitingName });

test("the order of what waits is total, and that of all scans where numbers are padded", () => {
  fc.assert(
    fc.property(named, named, named, (a, b, c) => {
      expect(Math.sign(compareWaiting(a, b))).toBe(0 - Math.sign(compareWaiting(b, a)));
      const isChain = compareWaiting(a, b) <= 0 && compareWaiting(b, c) <= 0;
      expect(!isChain || compareWaiting(a, c) <= 0).toBe(true);
      const isEqual = a.timeUs === b.timeUs && a.name === b.name;
      expect(compareWaiting(a, b) === 0).toBe(isEqual);
      const signs = [compareWaiting, compareScans].map((one) =>
        Math.sign(one(padded(a), padded(b))),
      );
      expect(signs[0]).toBe(signs[1]);
    }),
    { numRuns: 1_000 },
  );
});

function padded({ timeUs, name }: Timed): Timed {
  return { timeUs, name: name.replaceAll(/\d+/g, (digits) => digits.padStart(20, "0")) };
}

test.each([
  ["2026-03-25/scan_9.arrow", "2026-03-25/scan_10.arrow"],
  ["2026-03-25/scan_9_120002.arrow", "2026-03-25/scan_10_120001.arrow"],
  ["2026-03-25/scan_10.arrow", "2026-03-26/scan_9.arrow"],
  ["2026-03-25/12345678901234567890.arrow", "2026-03-25/12345678901234567891.arrow"],
])("of one time, %s is taken before %s", (before, after) => {
  const [one, other] = [before, after].map((name) => ({ timeUs: 1, name }));
  expect(compareWaiting(one!, other!)).toBeLessThan(0);
});

test("a scan is late when it is older and its number is not above; the first is never late", () => {
  fc.assert(
    fc.property(scan, scan, (one, newest) => {
      const isOlder = compareScans(one, newest) < 0;
      expect(isLate(one, newest)).toBe(isOlder && one.scanNumber <= newest.scanNumber);
      expect(isLate(one, null)).toBe(false);
    }),
  );
});

test("whatever comes in order of time and name is never late", () => {
  fc.assert(
    fc.property(fc.array(scan), (scans) => {
      let newest: Newest | null = null;
      for (const one of scans.toSorted(compareScans)) {
        expect(isLate(one, newest)).toBe(false);
        newest = one;
      }
    }),
  );
});

test.each([
  [{ foundByFirstListing: true, waitedMs: 0 }, true],
  [{ foundByFirstListing: false, waitedMs: 0 }, false],
  [{ foundByFirstListing: false, waitedMs: REPLAYED_AFTER_MS }, false],
  [{ foundByFirstListing: false, waitedMs: REPLAYED_AFTER_MS + 1 }, true],
])("waiting %j is replayed: %s", (waiting, replayed) => {
  expect(isReplayed(waiting)).toBe(replayed);
});
