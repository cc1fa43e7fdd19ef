import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareScans,
  isLate,
  isReplayed,
  type Newest,
  REPLAYED_AFTER_MS,
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
