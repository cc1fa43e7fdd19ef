import { array, assert, double, integer, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { symmetricEigenvalues } from "../../../src/domain/simulator/eigenvalues.ts";

/** Compares with known eigenvalues, descending, to a few ulps of the largest. */
function check(rows: readonly (readonly number[])[], expected: readonly number[]): void {
  const found = symmetricEigenvalues(Float64Array.from(rows.flat()), rows.length);
  const tolerance = 1e-14 * Math.max(1, ...expected.map(Math.abs)) * Math.max(1, rows.length);
  expect(found).toHaveLength(expected.length);
  found.forEach((value, at) => expect(Math.abs(value - expected[at]!)).toBeLessThan(tolerance));
}

test.each([
  ["of no rows", [], []],
  ["of one number", [[3]], [3]],
  [
    "of zeros",
    [
      [0, 0],
      [0, 0],
    ],
    [0, 0],
  ],
  [
    "that is diagonal",
    [
      [1, 0, 0],
      [0, -5, 0],
      [0, 0, 9],
    ],
    [9, 1, -5],
  ],
  [
    "with a double eigenvalue",
    [
      [2, 1, 1],
      [1, 2, 1],
      [1, 1, 2],
    ],
    [4, 1, 1],
  ],
  [
    "of tiny numbers",
    [
      [2e-150, 1e-150],
      [1e-150, 2e-150],
    ],
    [3e-150, 1e-150],
  ],
  [
    "in two blocks",
    [
      [0, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 5, 2],
      [0, 0, 2, 5],
    ],
    [7, 3, 1, -1],
  ],
] as const)("a matrix %s has its eigenvalues", (_, rows, expected) => check(rows, expected));

test("the second difference of n points has 2 - 2 cos(k pi / (n + 1))", () => {
  const size = 60;
  const rows = Array.from({ length: size }, (_row, row) =>
    Array.from({ length: size }, (_cell, cell) =>
      row === cell ? 2 : Math.abs(row - cell) === 1 ? -1 : 0,
    ),
  );
  const expected = rows.map((_, at) => 2 - 2 * Math.cos(((size - at) * Math.PI) / (size + 1)));
  check(rows, expected);
});

test("a mirrored diagonal keeps its eigenvalues", () => {
  const cases = integer({ min: 2, max: 12 }).chain((size) =>
    tuple(vectorOf(size), array(vectorOf(size), { minLength: 1, maxLength: 4 })),
  );
  assert(
    property(cases, ([diagonal, mirrors]) => {
      let rows = diagonal.map((value, row) => diagonal.map((_, at) => (row === at ? value : 0)));
      for (const mirror of mirrors) rows = mirrored(rows, mirror);
      check(
        rows,
        diagonal.toSorted((left, right) => right - left),
      );
    }),
  );
});

test("a matrix of low rank has zeros for the rest", () => {
  const { uniform } = seededRandom(1);
  for (let size = 2; size <= 70; size++) {
    const vector = Float64Array.from({ length: size }, () => uniform() - 0.5);
    const square = vector.reduce((sum, value) => sum + value * value, 0);
    const rows = Array.from(vector, (left) => Array.from(vector, (right) => left * right));
    check(rows, [square, ...Array.from({ length: size - 1 }, () => 0)]);
  }
});

function vectorOf(size: number) {
  const number = double({ min: -1, max: 1, noNaN: true });
  return array(number, { minLength: size, maxLength: size });
}

/** H A H with the reflection H = I - 2 vv' / v'v; the symmetric half is made exact. */
function mirrored(rows: readonly (readonly number[])[], mirror: readonly number[]): number[][] {
  const square = mirror.reduce((sum, value) => sum + value * value, 0);
  if (square < 1e-6) return rows.map((row) => [...row]);
  const h = mirror.map((left, row) =>
    mirror.map((right, cell) => (row === cell ? 1 : 0) - (2 * left * right) / square),
  );
  const result = product(product(h, rows), h);
  return result.map((row, at) => row.map((value, cell) => (value + result[cell]![at]!) / 2));
}

function product(
  left: readonly (readonly number[])[],
  right: readonly (readonly number[])[],
): number[][] {
  return left.map((row) =>
    right.map((_, cell) => row.reduce((sum, value, at) => sum + value * right[at]![cell]!, 0)),
  );
}
