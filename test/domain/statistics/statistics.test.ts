import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dailyRatiosOf, quantileOf } from "../../../src/domain/statistics/daily-ratios.ts";
import {
  closeEquityCurve,
  createEquityCurve,
  noteEquity,
} from "../../../src/domain/statistics/equity-curve.ts";
import {
  addToMoments,
  createMoments,
  deviationOf,
  excessKurtosisOf,
  skewOf,
} from "../../../src/domain/statistics/moments.ts";
import {
  addToRanks,
  addToWindow,
  createRollingRanks,
  createRollingWindow,
  rankedQuantile,
  valueBefore,
  windowDeviation,
  windowRootMeanSquare,
} from "../../../src/domain/statistics/rolling.ts";

const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), {
  minLength: 8,
  maxLength: 90,
});

function central(list: readonly number[], power: number): number {
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return list.reduce((sum, value) => sum + (value - mean) ** power, 0) / list.length;
}

test("moments in one pass are those of the whole list", () => {
  fc.assert(
    fc.property(values, (list) => {
      fc.pre(central(list, 2) > 1e-3);
      const moments = createMoments();
      for (const value of list) addToMoments(moments, value);
      const variance = central(list, 2);
      expect(deviationOf(moments)).toBeCloseTo(
        Math.sqrt((variance * list.length) / (list.length - 1)),
        8,
      );
      expect(skewOf(moments)).toBeCloseTo(central(list, 3) / variance ** 1.5, 6);
      expect(excessKurtosisOf(moments)).toBeCloseTo(central(list, 4) / variance ** 2 - 3, 6);
    }),
  );
});

test("rolling windows and ranks say what the last values themselves say", () => {
  fc.assert(
    fc.property(values, (list) => {
      const window = createRollingWindow(7);
      const ranks = createRollingRanks(7);
      list.forEach((value, at) => {
        addToWindow(window, value);
        addToRanks(ranks, value);
        const last = list.slice(Math.max(0, at - 6), at + 1);
        expect(windowDeviation(window)).toBeCloseTo(Math.sqrt(central(last, 2)), 6);
        const square = last.reduce((sum, each) => sum + each * each, 0) / last.length;
        expect(windowRootMeanSquare(window)).toBeCloseTo(Math.sqrt(square), 6);
        expect(valueBefore(window, last.length - 1)).toBe(last[0]);
        expect(rankedQuantile(ranks, 0.6)).toBeCloseTo(
          quantileOf(Float64Array.from(last).toSorted(), 0.6),
          12,
        );
      });
    }),
  );
});

test("drawdowns are counted from peak to recovery, the last one to the end", () => {
  const curve = createEquityCurve(100, 0);
  for (const [at, equity] of [110, 99, 104.5, 110, 120, 90, 96].entries())
    noteEquity(curve, equity, at + 1);
  closeEquityCurve(curve, 7);
  expect(curve).toMatchObject({ peak: 120, lowest: 90, drawdownMax: 0.25, drawdowns: 2 });
  expect(curve.drawdownSum).toBeCloseTo(0.1 + 0.25, 12);
  expect(curve.drawdownLongestMs).toBe(3);
});

/** Gains 2 % and loses 1 % in turn. */
function equitiesOf(days: number): number[] {
  const equities = [1_000];
  for (let day = 0; day < days; day += 1)
    equities.push(equities.at(-1)! * (day % 2 === 0 ? 1.02 : 0.99));
  return equities;
}

test.each([
  [0, "0 daily samples, at least 30 are needed"],
  [29, "29 daily samples, at least 30 are needed"],
])("%i days give no ratio and say why", (days, reason) => {
  const ratios = dailyRatiosOf({ equities: equitiesOf(days), drawdownMax: 0.1 });
  expect(ratios).toMatchObject({
    reason,
    sharpe: null,
    sortino: null,
    cagr: null,
    valueAtRisk: null,
  });
});

test("the conditional value at risk is of all days up to the value at risk", () => {
  // Of 90 returns the quantile is between the fifth and the sixth.
  const returns = Array.from({ length: 90 }, (_, at) => (at < 5 ? -0.1 - at / 100 : 0.01));
  const equities = returns.reduce((all, value) => [...all, all.at(-1)! * (1 + value)], [100]);
  const ratios = dailyRatiosOf({ equities, drawdownMax: 0.5 });
  expect(ratios.conditionalValueAtRisk).toBeCloseTo(-0.12, 8);
});

test("thirty days give every ratio", () => {
  const ratios = dailyRatiosOf({ equities: equitiesOf(30), drawdownMax: 0.02 });
  const deviation = 0.015 * Math.sqrt(30 / 29);
  expect(ratios.reason).toBeNull();
  expect(ratios.sharpe).toBeCloseTo((0.005 / deviation) * Math.sqrt(365), 8);
  expect(ratios.sortino).toBeCloseTo((0.005 / (0.01 * Math.SQRT1_2)) * Math.sqrt(365), 8);
  expect(ratios.omega).toBeCloseTo(2, 8);
  expect(ratios.tailRatio).toBeCloseTo(2, 8);
  expect(ratios.valueAtRisk).toBeCloseTo(-0.01, 8);
  expect(ratios.conditionalValueAtRisk).toBeCloseTo(-0.01, 8);
  expect(ratios.cagr).toBeCloseTo((1.02 * 0.99) ** (365 / 2) - 1, 6);
  expect(ratios.calmar).toBeCloseTo(ratios.cagr! / 0.02, 8);
});
