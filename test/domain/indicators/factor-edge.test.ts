import { describe, expect, test } from "vitest";
import { factorEdges, type FactorOfDays } from "../../../src/domain/indicators/factor-edge.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";

const DAYS = 150;
const PERMUTATIONS = 499;

/** Some that change each day, and some that stand for months. */
function factorsOf(days: number): readonly FactorOfDays[] {
  return Array.from({ length: 8 }, (_, nth) => {
    const period = 1 + nth * nth;
    const groups = Int8Array.from({ length: days }, (__, day) => Math.floor(day / period) % 3);
    return { name: `factor ${nth}`, groups, labels: ["a", "b", "c"] };
  });
}

/** Wild months among calm ones, and no edge. */
function returnsOf(seed: number, days: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: days }, (_, day) => {
    const noise = random.uniform() + random.uniform() + random.uniform() - 1.5;
    return noise * (Math.floor(day / 60) % 2 === 0 ? 0.01 : 0.04);
  });
}

const report = (seed: number, returns: Float64Array) =>
  factorEdges(returns, factorsOf(returns.length), {
    permutations: PERMUTATIONS,
    random: seededRandom(seed + 1_000),
  });

describe("the advisor", () => {
  test("shows an edge of any of eight factors in a twentieth of the runs without one", () => {
    const runs = 200;
    let shown = 0;
    for (let seed = 1; seed <= runs; seed += 1) {
      const { factors } = report(seed, returnsOf(seed, DAYS));
      if (factors.some(({ verdict }) => verdict === "edge shown")) shown += 1;
    }
    // 10 are expected; over 22 come once in ten thousand times where the statement holds, and so do none.
    expect(shown).toBeLessThanOrEqual(22);
    expect(shown).toBeGreaterThan(0);
  });

  test("shows an edge that is there, and names its factor, its group and its size", () => {
    const planted = factorsOf(DAYS)[3]!;
    const returns = returnsOf(7, DAYS).map((one, day) =>
      planted.groups[day] === 1 ? one + 0.02 : one,
    );
    const { factors, why } = report(7, returns);
    expect(why).toBeNull();
    const found = factors.filter(({ verdict }) => verdict === "edge shown");
    expect(found.map(({ name }) => name)).toContain("factor 3");
    const edge = factors.find(({ name }) => name === "factor 3");
    expect(edge?.best).toMatchObject({ group: "b" });
    expect(edge?.adjustedP).toBeLessThan(0.05);
    expect(edge!.p).toBeLessThanOrEqual(edge!.adjustedP);
  });

  test("says nothing of too few days, and nothing of a factor that never changes", () => {
    expect(report(1, returnsOf(1, 59)).why).toContain("59 days are too few");
    const groups = new Int8Array(DAYS);
    const { factors } = factorEdges(
      returnsOf(1, DAYS),
      [{ name: "constant", groups, labels: ["a", "b"] }],
      { permutations: PERMUTATIONS, random: seededRandom(1) },
    );
    expect(factors).toMatchObject([{ p: 1, adjustedP: 1, verdict: "no edge shown", best: null }]);
  });

  test("says the same of the same days and the same seed", () => {
    expect(report(3, returnsOf(3, DAYS))).toEqual(report(3, returnsOf(3, DAYS)));
  });
});
