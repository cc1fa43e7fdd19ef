import { array, assert, integer, option, property } from "fast-check";
import { expect, test } from "vitest";
import { createHopFigures } from "../../../src/domain/trace/hop-figures.ts";
import { hopsOf, type Station, STATIONS } from "../../../src/domain/trace/stations.ts";

function way(...atUs: readonly (number | null)[]): readonly Station[] {
  return STATIONS.slice(0, atUs.length).map((name, at) => ({ name, atUs: atUs[at]!, says: "" }));
}

test("hops add up to the total, whatever is unknown", () => {
  const time = option(integer({ min: 1.7e15, max: 1.8e15 }));
  assert(
    property(array(time, { maxLength: STATIONS.length }), (times) => {
      const { hops, totalUs } = hopsOf(way(...times));
      const known = times.filter((atUs) => atUs !== null);
      expect(totalUs).toBe(known.length < 2 ? null : known.at(-1)! - known[0]!);
      expect(hops.reduce((sum, { us }) => sum + us, 0)).toBe(totalUs ?? 0);
      expect(hops.length).toBe(Math.max(0, known.length - 1));
    }),
  );
});

test("a hop names the stations that it leads over", () => {
  expect(hopsOf(way(null, 10, null, null, 17, null))).toEqual({
    hops: [{ from: "seen", to: "event", us: 7, over: ["decoded", "pushed"] }],
    totalUs: 7,
  });
});

test("percentiles are of each hop by itself, and the slowest ways come first", () => {
  const figures = createHopFigures<number>(3);
  for (let of = 1; of <= 100; of += 1) figures.add(of, hopsOf(way(0, of, of + 1_000)));
  figures.add(101, hopsOf(way(0, null, 5)));
  figures.add(102, hopsOf(way(null, 9)));
  const { hops, total, slowest } = figures.figures();
  expect(hops).toEqual([
    { hop: "complete to seen", count: 100, p50Us: 51, p90Us: 90, p99Us: 99, maxUs: 100 },
    { hop: "seen to decoded", count: 100, p50Us: 1_000, p90Us: 1_000, p99Us: 1_000, maxUs: 1_000 },
    { hop: "complete to decoded", count: 1, p50Us: 5, p90Us: 5, p99Us: 5, maxUs: 5 },
  ]);
  expect(total).toMatchObject({ count: 101, maxUs: 1_100 });
  expect(slowest.map(({ of, totalUs }) => [of, totalUs])).toEqual([
    [100, 1_100],
    [99, 1_099],
    [98, 1_098],
  ]);
});

test("nothing has no figures", () => {
  expect(createHopFigures(3).figures()).toEqual({ hops: [], total: null, slowest: [] });
});
