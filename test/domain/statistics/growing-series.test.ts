import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createGrowingSeries } from "../../../src/domain/statistics/growing-series.ts";
import { thinnedSeries } from "../../../src/domain/statistics/thinned-series.ts";

const PARTS = 10;

function seriesOf(points: readonly { readonly atMs: number; readonly value: number }[]) {
  const growing = createGrowingSeries(PARTS);
  for (const point of points) growing.add(point);
  return growing.series();
}

test("few points stay as they came, and of one moment the last value counts", () => {
  const points = [5, 3, 4].map((value, at) => ({ atMs: at, value }));
  expect(seriesOf(points)).toEqual(thinnedSeries(points, PARTS));
  const same = seriesOf([...points, { atMs: 2, value: 1 }]);
  expect([same.atMs.length, same.count]).toEqual([3, 4]);
  expect([same.low.at(-1), same.high.at(-1), same.last.at(-1)]).toEqual([1, 4, 1]);
});

test("whatever comes, the parts are bounded and ascend, and no peak and no count is lost", () => {
  const point = fc.record({
    atMs: fc.integer({ min: 0, max: 1_000_000 }),
    value: fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.constant(Number.NaN)),
  });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 300 }), fc.boolean(), (found, isSorted) => {
      const points = isSorted ? found.toSorted((one, other) => one.atMs - other.atMs) : found;
      const sound = points.filter(({ value }) => Number.isFinite(value));
      const { atMs, low, high, last, count } = seriesOf(points);
      expect(count).toBe(sound.length);
      expect(atMs.length).toBeLessThanOrEqual(PARTS);
      expect(atMs).toEqual(atMs.toSorted((one, other) => one - other));
      expect(new Set(atMs).size).toBe(atMs.length);
      if (sound.length === 0) return;
      const values = sound.map(({ value }) => value);
      expect(Math.min(...low.map(Number))).toBe(Math.min(...values));
      expect(Math.max(...high.map(Number))).toBe(Math.max(...values));
      expect(last.at(-1)).toBe(values.at(-1));
      expect(atMs.at(-1)).toBe(Math.max(...sound.map((one) => one.atMs)));
    }),
  );
});

test("an even stream fills at least half of the parts once there are enough", () => {
  const points = Array.from({ length: 1_000 }, (_, at) => ({ atMs: at * 7, value: at }));
  expect(seriesOf(points).atMs.length).toBeGreaterThanOrEqual(PARTS / 2);
});
