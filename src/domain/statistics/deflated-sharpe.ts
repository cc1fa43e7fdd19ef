/**
 * The deflated Sharpe ratio (Bailey and López de Prado): the probability that the best of many trials has a true
 * Sharpe ratio above zero. The best of N strategies without skill has a high ratio, too, and the more so the more the
 * trials differ. N counts every trial that the choice was made from, including those that never traded: otherwise a
 * wide search with many dead trials would look narrow. The ratio of a trial without trades is undefined, not zero, so
 * it does not enter the spread V, which zeros would narrow. The formula assumes independent trials, which the sets of
 * a grid are not, so the result is rather too strict.
 */
import { addToMoments, createMoments, deviationOf } from "./moments.ts";

export type BestTrial = {
  /** All trials that were run. */
  readonly trials: number;
  /** The daily ratio, not annualised, of every trial that has one. */
  readonly sharpes: readonly number[];
  readonly best: {
    readonly sharpe: number;
    readonly samples: number;
    readonly skew: number;
    readonly excessKurtosis: number;
  };
};

export type DeflatedSharpe = {
  /** Probability that the true ratio exceeds the expected best of as many trials without skill. */
  readonly probability: number;
  /** Expected best daily ratio of as many trials without skill. */
  readonly expectedBest: number;
};

const EULER = 0.577_215_664_901_532_9;

export function deflatedSharpe({ trials, sharpes, best }: BestTrial): DeflatedSharpe {
  const { sharpe, samples, skew, excessKurtosis } = best;
  const moments = createMoments();
  for (const one of sharpes) addToMoments(moments, one);
  // A single ratio has no spread: the standard error of a ratio without skill over as many days is used.
  const spreadOfTrials = sharpes.length < 2 ? 1 / Math.sqrt(samples - 1) : deviationOf(moments);
  const expectedBest = spreadOfTrials * expectedMaximum(trials);
  const spread = 1 - skew * sharpe + ((excessKurtosis + 2) / 4) * sharpe * sharpe;
  const score =
    ((sharpe - expectedBest) * Math.sqrt(samples - 1)) / Math.sqrt(Math.max(spread, 1e-12));
  return { probability: normalShare(score), expectedBest };
}

/** Expected maximum of this many draws of a standard normal variable; 0 for one. */
function expectedMaximum(trials: number): number {
  if (trials < 2) return 0;
  return (
    (1 - EULER) * normalQuantile(1 - 1 / trials) + EULER * normalQuantile(1 - 1 / (trials * Math.E))
  );
}

/** The normal distribution function by Zelen and Severo's approximation, accurate to seven digits. */
export function normalShare(score: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(score));
  const density = Math.exp((-score * score) / 2) / Math.sqrt(2 * Math.PI);
  const tail =
    density *
    t *
    (0.319_381_53 +
      t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return score < 0 ? tail : 1 - tail;
}

/** By bisection: it is called twice per sweep. */
export function normalQuantile(share: number): number {
  let low = -10;
  let high = 10;
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
