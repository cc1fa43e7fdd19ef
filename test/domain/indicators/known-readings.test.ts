import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type KnownReading, knownSoFar } from "../../../src/domain/indicators/known-readings.ts";

const ABOUT = { series: "one", isOwn: true, unit: "", fetchedUs: 0, source: "", sourceHash: "" };
/** Whatever comes: late, revised, the same again, from the future. */
const anyReading = fc.record({
  value: fc.integer(),
  asOfMs: fc.integer({ min: 0, max: 50 }),
  pushedUs: fc.integer({ min: 0, max: 100 }),
});

function pushedIn(readings: readonly { pushedUs: number; asOfMs: number; value: number }[]) {
  return readings
    .map((one): KnownReading => ({ ...ABOUT, ...one }))
    .toSorted((a, b) => a.pushedUs - b.pushedUs);
}

test("what comes later never changes what was seen at t", () => {
  fc.assert(
    fc.property(
      fc.array(anyReading),
      fc.array(anyReading),
      fc.integer({ min: 0, max: 100 }),
      (before, later, tUs) => {
        const early = pushedIn(before).filter(({ pushedUs }) => pushedUs <= tUs);
        const after = pushedIn(later).filter(({ pushedUs }) => tUs < pushedUs);
        const then = knownSoFar(early);
        const now = knownSoFar([...early, ...after]);
        expect(now.until(tUs)).toEqual(then.until(tUs));
        expect(now.at("one")).toEqual(then.at("one"));
      },
    ),
  );
});

test("at each time the newest as_of of what was pushed by then is known, the last pushed of equals", () => {
  fc.assert(
    fc.property(fc.array(anyReading), fc.array(fc.integer({ min: 0, max: 100 })), (all, times) => {
      const pushed = pushedIn(all);
      const known = knownSoFar(pushed);
      for (const tUs of times.toSorted((a, b) => a - b)) {
        known.until(tUs);
        const by = pushed.filter(({ pushedUs }) => pushedUs <= tUs);
        const newest = Math.max(...by.map(({ asOfMs }) => asOfMs));
        expect(known.at("one")).toEqual(by.findLast(({ asOfMs }) => asOfMs === newest) ?? null);
      }
    }),
  );
});
