import { expect, test } from "vitest";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import {
  deflatedSharpe,
  normalQuantile,
  normalShare,
} from "../../../src/domain/statistics/deflated-sharpe.ts";
import {
  addToMoments,
  createMoments,
  deviationOf,
  skewOf,
  excessKurtosisOf,
} from "../../../src/domain/statistics/moments.ts";

test.each([
  [0, 0.5],
  [1.959964, 0.975],
  [-1.644854, 0.05],
  [3.090232, 0.999],
])("the normal distribution at %d is %d, and back", (score, share) => {
  expect(normalShare(score)).toBeCloseTo(share, 6);
  expect(normalQuantile(share)).toBeCloseTo(score, 4);
});

test("one trial is judged against nothing, as the probabilistic Sharpe ratio", () => {
  const best = { sharpe: 0.1, samples: 251, skew: 0, excessKurtosis: 0 };
  const { probability, expectedBest } = deflatedSharpe({ trials: 1, sharpes: [0.1], best });
  expect(expectedBest).toBe(0);
  expect(probability).toBeCloseTo(normalShare((0.1 * Math.sqrt(250)) / Math.sqrt(1.005)), 9);
});

test("trials that never traded raise the bar, and leave the spread of those that did", () => {
  const best = { sharpe: 0.1, samples: 251, skew: 0, excessKurtosis: 0 };
  const sharpes = [0.1, 0.02, -0.04];
  const few = deflatedSharpe({ trials: 3, sharpes, best });
  const many = deflatedSharpe({ trials: 300, sharpes, best });
  expect(many.expectedBest).toBeGreaterThan(2 * few.expectedBest);
  expect(many.probability).toBeLessThan(few.probability - 0.2);
  const alone = deflatedSharpe({ trials: 300, sharpes: [0.1], best });
  expect(alone.expectedBest).toBeCloseTo(2.87 / Math.sqrt(250), 2);
});

test("the best of a hundred trials without skill is recognized as luck, five times in six", () => {
  let deceived = 0;
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = seededRandom(seed);
    const trials = Array.from({ length: 100 }, () => {
      const moments = createMoments();
      for (let day = 0; day < 250; day += 1) addToMoments(moments, random.normal() * 0.01);
      return moments;
    });
    const sharpes = trials.map((moments) => moments.mean / deviationOf(moments));
    const sharpe = Math.max(...sharpes);
    const moments = trials[sharpes.indexOf(sharpe)]!;
    const best = {
      sharpe,
      samples: 250,
      skew: skewOf(moments),
      excessKurtosis: excessKurtosisOf(moments),
    };
    // What a person would believe who forgot the other ninety-nine.
    expect(deflatedSharpe({ trials: 1, sharpes: [sharpe], best }).probability).toBeGreaterThan(0.9);
    if (deflatedSharpe({ trials: 100, sharpes, best }).probability > 0.9) deceived += 1;
  }
  expect(deceived).toBeLessThanOrEqual(10);
});
