/**
 * How sure one can be that the best of many trials has a Sharpe ratio above zero (Bailey and López de
 * Prado): the best of N strategies without any skill has a high one, too, and the more so the more
 * the trials differ.
 *
 * Their N is every trial that the choice was made from, so one that never traded counts, though it has
 * no ratio: otherwise a wider search, half of it dead, would look like a narrow one. Its ratio is
 * undefined and not zero, so it is no part of the spread V, which zeros would narrow. They count
 * independent trials, which the sets of a grid are not: what comes out is rather too strict.
 */
import { addToMoments, createMoments, deviationOf } from "./moments.ts";

export type BestTrial = {
  /** All that were run. */
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
  /** Probability that the true ratio is above what the luckiest of as many would show. */
  readonly probability: number;
  /** What the best of as many trials without skill is expected to show, of one day. */
  readonly expectedBest: number;
};

const EULER = 0.577_215_664_901_532_9;

export function deflatedSharpe({ trials, sharpes, best }: BestTrial): DeflatedSharpe {
  const { sharpe, samples, skew, excessKurtosis } = best;
  const moments = createMoments();
  for (const one of sharpes) addToMoments(moments, one);
  // One ratio has no spread: then that of ratios without skill over as many days.
  const spreadOfTrials = sharpes.length < 2 ? 1 / Math.sqrt(samples - 1) : deviationOf(moments);
  const expectedBest = spreadOfTrials * expectedMaximum(trials);
  const spread = 1 - skew * sharpe + ((excessKurtosis + 2) / 4) * sharpe * sharpe;
  const score =
    ((sharpe - expectedBest) * Math.sqrt(samples - 1)) / Math.sqrt(Math.max(spread, 1e-12));
  return { probability: normalShare(score), expectedBest };
}

/** The largest that is expected of this many draws of a standard normal variable; 0 for one. */
function expectedMaximum(trials: number): number {
  if (trials < 2) return 0;
  return (
    (1 - EULER) * normalQuantile(1 - 1 / trials) + EULER * normalQuantile(1 - 1 / (trials * Math.E))
  );
}

/** Zelen and Severo's approximation, right to seven digits. */
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

/** By halving: it is asked twice a sweep. */
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
