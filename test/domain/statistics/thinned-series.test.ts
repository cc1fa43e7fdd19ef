import { expect, test } from "vitest";
import { PARTS_MAX, thinnedSeries } from "../../../src/domain/statistics/thinned-series.ts";

const points = (count: number, valueOf: (at: number) => number) =>
  Array.from({ length: count }, (_, at) => ({ atMs: at * 10, value: valueOf(at) }));

test("few points stay as they are", () => {
  const series = thinnedSeries(points(3, (at) => at));
  expect(series).toEqual({
    atMs: [0, 10, 20],
    low: [0, 1, 2],
    high: [0, 1, 2],
    last: [0, 1, 2],
    count: 3,
  });
});

test("of a million points no more come back than a screen shows, every peak among them", () => {
  const count = 1_000_000;
  const spikes = new Map([
    [123_456, 1e6],
    [777_777, -1e6],
  ]);
  const series = thinnedSeries(points(count, (at) => spikes.get(at) ?? Math.sin(at / 1_000)));
  expect(series.atMs.length).toBeLessThanOrEqual(PARTS_MAX);
  expect(series.count).toBe(count);
  expect(Math.max(...series.high.map(Number))).toBe(1e6);
  expect(Math.min(...series.low.map(Number))).toBe(-1e6);
  expect(series.last.at(-1)).toBe(Math.sin((count - 1) / 1_000));
  expect(series.atMs).toEqual(series.atMs.toSorted((one, other) => one - other));
});

test("what is not a number is left out, and a clock that was set back starts no new part", () => {
  const odd = thinnedSeries([
    { atMs: 0, value: Number.NaN },
    { atMs: 1, value: Infinity },
    { atMs: 2, value: 5 },
  ]);
  expect(odd).toMatchObject({ atMs: [2], last: [5], count: 1 });
  const back = [...points(3_000, () => 1), ...points(3_000, () => 2)];
  const series = thinnedSeries(back);
  expect(series.atMs.length).toBeLessThanOrEqual(PARTS_MAX);
  expect(Math.max(...series.high.map(Number))).toBe(2);
  expect(thinnedSeries([])).toEqual({ atMs: [], low: [], high: [], last: [], count: 0 });
});
