import { expect, test } from "vitest";
import { seededRandom } from "../../../src/domain/simulator/random.ts";

const DRAWS = 200_000;

function momentsOf(draw: () => number): { readonly mean: number; readonly deviation: number } {
  const values = Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS;
  return { mean, deviation: Math.sqrt(square) };
}

function draws(seed: number): number[] {
  return Array.from({ length: 20 }, seededRandom(seed).uniform);
}

test("the same seed gives the same numbers, another seed gives others", () => {
  expect(draws(7)).toEqual(draws(7));
  expect(draws(7)).not.toEqual(draws(8));
  expect(draws(7)).not.toEqual(draws(7 + 2 ** 32));
});

test.each([1, 2, 20_260_325])("seed %i gives uniform and normal numbers", (seed) => {
  const random = seededRandom(seed);
  const uniform = momentsOf(random.uniform);
  expect(uniform.mean).toBeCloseTo(0.5, 2);
  expect(uniform.deviation).toBeCloseTo(Math.sqrt(1 / 12), 2);
  const normal = momentsOf(random.normal);
  expect(normal.mean).toBeCloseTo(0, 1);
  expect(normal.deviation).toBeCloseTo(1, 1);
});
