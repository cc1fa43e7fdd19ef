import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { optimalBlockLength } from "../../../src/domain/forewarn/block-length.ts";
import { ONE_REGIME, type PathsPlan, simulatePaths } from "../../../src/domain/forewarn/paths.ts";
import { quantileOf } from "../../../src/domain/statistics/daily-ratios.ts";

type OfArch = {
  readonly shares: readonly number[];
  readonly series: readonly {
    readonly name: string;
    readonly returns: readonly number[];
    readonly block: number;
    readonly end: readonly number[];
    readonly fall: readonly number[];
  }[];
};

/** What PyPI's arch says of the same returns; `test/interop/write_bootstrap.py` writes it. */
const ARCH: OfArch = JSON.parse(
  readFileSync(new URL("../../fixtures/bootstrap.json", import.meta.url), "utf8"),
);

function planOf(returns: readonly number[], plan: Partial<PathsPlan> = {}): PathsPlan {
  return {
    returns: Float64Array.from(returns),
    starts: [Int32Array.from(returns.keys())],
    regimes: ONE_REGIME,
    meanBlock: 1,
    paths: 20_000,
    steps: returns.length,
    stepsPerDay: returns.length,
    from: { peak: 1, dayStart: 1 },
    checkpoints: [returns.length],
    seed: 11,
    ...plan,
  };
}

function densityAt(sorted: Float64Array, share: number): number {
  const above = quantileOf(sorted, Math.min(1, share + 0.005));
  return (above - quantileOf(sorted, share - 0.005)) / 0.01;
}

describe.each(ARCH.series)("$name", ({ returns, block, end, fall }) => {
  test("the length of a block is that of arch", () => {
    const length = optimalBlockLength(Float64Array.from(returns));
    expect(length / block).toBeCloseTo(1, 9);
  });

  test("ends and deepest falls of the paths are spread as those of arch", () => {
    const paths = simulatePaths(planOf(returns, { meanBlock: block }));
    const ends = (paths.equity[0] ?? new Float64Array()).toSorted();
    const falls = paths.drawdown.toSorted();
    ARCH.shares.forEach((share, at) => {
      for (const [sorted, theirs] of [[ends, end[at]!] as const, [falls, fall[at]!] as const]) {
        // The error of a quantile of 20,000 draws, in both of them; four deviations.
        const error = densityAt(sorted, share) * Math.sqrt((2 * share * (1 - share)) / 20_000);
        expect(Math.abs(quantileOf(sorted, share) - theirs)).toBeLessThan(4 * error);
      }
    });
  });
});

test("what does not vary has blocks of one, and a short series is refused", () => {
  expect(optimalBlockLength(new Float64Array(50).fill(0.01))).toBe(1);
  expect(() => optimalBlockLength(new Float64Array(3))).toThrow("long enough");
});

test("the same plan gives the same paths, another seed others", () => {
  const plan = planOf(ARCH.series[0]!.returns, { paths: 50, meanBlock: 4 });
  expect(simulatePaths(plan)).toEqual(simulatePaths(plan));
  expect(simulatePaths({ ...plan, seed: 12 }).drawdown).not.toEqual(simulatePaths(plan).drawdown);
});

test("a past that only falls falls from the peak and the day's start that there were", () => {
  const plan = planOf([-0.1], {
    paths: 3,
    steps: 4,
    stepsPerDay: 2,
    from: { peak: 1.25, dayStart: 1.1 },
    checkpoints: [1, 4],
  });
  const { equity, drawdown, dailyLoss } = simulatePaths(plan);
  expect(equity.map((each) => each[2])).toEqual([0.9, 0.9 * 0.9 * 0.9 * 0.9]);
  expect(drawdown[1]).toBeCloseTo(1 - 0.9 ** 4 / 1.25, 12);
  // The first day began higher than the path does; the second loses a fifth.
  expect(dailyLoss[1]).toBeCloseTo(1 - 0.81 / 1.1, 12);
});

test("stretches begin only where they may, and are as long as asked on average", () => {
  const returns = Array.from({ length: 1_000 }, (_, at) => at * 1e-9);
  const plan = planOf(returns, {
    starts: [Int32Array.of(500)],
    meanBlock: 8,
    paths: 2_000,
    steps: 1,
    checkpoints: [1],
  });
  expect(new Set(simulatePaths(plan).equity[0])).toEqual(new Set([1 + 500e-9]));
  const long = simulatePaths({ ...plan, steps: 60, checkpoints: [1, 60] });
  // The mean place of a step within its stretch is (mean length - 1): a memoryless end.
  const places = [...(long.equity[1] ?? [])].map((value) => (Math.log(value) / 60) * 1e9 - 500);
  const mean = places.reduce((sum, each) => sum + each, 0) / places.length;
  expect(mean).toBeGreaterThan(5.5);
  expect(mean).toBeLessThan(7.5);
});
