import { expect, test } from "vitest";
import {
  lackingInRing,
  mendingOfRing,
  rangesOf,
  RING_CAPACITY,
} from "../../../src/domain/scan/ring.ts";

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);

test.each<[string, readonly (number | null)[], number, readonly number[]]>([
  ["nothing was pushed", [], 0, []],
  ["all is there", range(1, 5), 5, []],
  ["the last one lacks", range(1, 4), 5, [5]],
  ["one in the middle lacks", [1, 2, 4, 5], 5, [3]],
  ["it is empty", [], 3, [1, 2, 3]],
  ["a stranger's value is none", [1, null, 3], 3, [2]],
  ["more came than the journal had told", range(1, 7), 5, []],
  ["only its newest are held", range(501, 2_500), 2_500, []],
  ["a hole in a full ring", range(500, 2_500).filter((n) => n !== 2_499), 2_500, [2_499]],
  [
    "what was told twice pushed the oldest out",
    [...range(201, 600), ...range(1, 1_600)],
    1_600,
    [],
  ],
  [
    "and a hole beside what was told twice",
    [...range(200, 600), ...range(2, 1_600).filter((n) => n !== 1_599), 1],
    1_600,
    [1_599],
  ],
  ["a stranger's seq far above hides nothing", [1, 2, 1e9, 4], 4, [3]],
  ["a short ring of a long journal", range(2_001, 2_100), 2_100, range(101, 2_000)],
])("%s", (_what, inRing, lastSeq, lacking) => {
  expect(inRing.length).toBeLessThanOrEqual(RING_CAPACITY);
  expect(lackingInRing(inRing, lastSeq)).toEqual(lacking);
});

test.each<[string, readonly number[], number, number]>([
  ["lost while it ran", range(2_491, 2_500), 2_500, 1],
  ["lost with fewer scans than it holds", range(41, 50), 50, 1],
  [
    "a hole in a full ring",
    range(500, 2_500)
      .filter((n) => n !== 2_000)
      .slice(-2_000),
    2_500,
    1,
  ],
  ["lost where older seqs are not ours", range(2_491, 2_500), 2_500, 2_400],
  ["only the newest lack", range(1, 10), 15, 1],
])("mended, it loses its oldest first: %s", (_what, inRing, lastSeq, oursFrom) => {
  const { lacking, toAdd } = mendingOfRing(inRing, { oursFrom, lastSeq });
  expect(lacking.length).toBeGreaterThan(0);
  let ring = [...inRing, ...toAdd].slice(-RING_CAPACITY);
  for (let seq = lastSeq + 1; seq <= lastSeq + 1_000; seq += 1) {
    ring = [...ring, seq].slice(-RING_CAPACITY);
    expect(lackingInRing(ring, seq).filter((one) => oursFrom <= one)).toEqual([]);
  }
});

test("seqs are reported as ranges", () => {
  expect(rangesOf([])).toEqual([]);
  expect(rangesOf([1, 2, 3, 7, 9, 10])).toEqual([
    { from: 1, to: 3 },
    { from: 7, to: 7 },
    { from: 9, to: 10 },
  ]);
});
