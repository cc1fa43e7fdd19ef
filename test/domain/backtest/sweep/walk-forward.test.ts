import { expect, test } from "vitest";
import { setsOfGrid } from "../../../../src/domain/backtest/sweep/parameter-grid.ts";
import { foldsOf, stitch } from "../../../../src/domain/backtest/sweep/walk-forward.ts";

test.each([
  [
    10,
    3,
    2,
    [
      [0, 3, 5],
      [2, 5, 7],
      [4, 7, 9],
      [6, 9, 10],
    ],
  ],
  [10, 6, 4, [[0, 6, 10]]],
  [5, 5, 2, []],
] as const)("%i days, trained on %i, tested on %i", (days, trainMs, testMs, expected) => {
  const folds = foldsOf({ firstMs: 0, endMs: days, trainMs, testMs });
  expect(folds.map((fold) => [fold.trainFromMs, fold.testFromMs, fold.testToMs])).toEqual(expected);
});

test("tests are put end to end: each goes on with what the one before left", () => {
  const { days, total, drawdownMax, risk } = stitch(
    [[on("02-27", 110), on("02-28", 120)], [], [on("03-03", 50)], [on("03-04", 200)]],
    100,
  );
  // Two days without scans lie between the first test and the one after.
  expect(days.map(({ equity }) => equity)).toEqual([110, 120, 120, 120, 60, 120]);
  expect(days.map(({ day }) => day.slice(5))).toEqual([
    "02-27",
    "02-28",
    "03-01",
    "03-02",
    "03-03",
    "03-04",
  ]);
  expect(total).toBeCloseTo(0.2, 12);
  expect(drawdownMax).toBeCloseTo(0.5, 12);
  expect(risk.reason).toContain("6 daily samples");
});

test("a grid is every combination, the last axis first, and has a limit", () => {
  const axes = [
    { name: "a", values: [1, 2] },
    { name: "b", values: [true, false] },
  ];
  expect(setsOfGrid(axes, { c: 3 })).toEqual([
    { a: 1, b: true, c: 3 },
    { a: 1, b: false, c: 3 },
    { a: 2, b: true, c: 3 },
    { a: 2, b: false, c: 3 },
  ]);
  const wide = { name: "a", values: Array.from({ length: 101 }, (_, at) => at) };
  expect(() => setsOfGrid([wide, { ...wide, name: "b" }], {})).toThrow("10201 sets");
});

function on(day: string, equity: number) {
  return { day: `2026-${day}`, equity, benchmark: 100 };
}
