/**
 * Risk figures from daily returns. With fewer than thirty days a ratio is noise, so every figure is null and the
 * report says why.
 */
import { addToMoments, createMoments, deviationOf, excessKurtosisOf, skewOf } from "./moments.ts";

export const DAILY_SAMPLES_MIN = 30;
const DAYS_PER_YEAR = 365;
const TAIL_SHARE = 0.05;

export type DailyRatios = {
  /** Why the figures are null; null when they are not. */
  readonly reason: string | null;
  readonly samples: number;
  readonly cagr: number | null;
  readonly volatility: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  readonly omega: number | null;
  /** The daily loss at 95 % (value at risk), as a share; negative for a loss. */
  readonly valueAtRisk: number | null;
  readonly conditionalValueAtRisk: number | null;
  readonly ulcerIndex: number | null;
  readonly skew: number | null;
  readonly excessKurtosis: number | null;
  readonly tailRatio: number | null;
};

export type DailySamples = {
  /** Equity at the start, then at the end of each day. */
  readonly equities: readonly number[];
  /** Marked at every scan, so deeper than the daily values show. */
  readonly drawdownMax: number;
};

export function dailyRatiosOf({ equities: sampled, drawdownMax }: DailySamples): DailyRatios {
  const equities = untilNothing(sampled);
  const returns = equities.slice(1).map((equity, at) => equity / equities[at]! - 1);
  const samples = returns.length;
  if (samples < DAILY_SAMPLES_MIN) return tooFew(samples);
  const moments = createMoments();
  let gains = 0;
  let losses = 0;
  let lossSquares = 0;
  for (const value of returns) {
    addToMoments(moments, value);
    if (value > 0) gains += value;
    else {
      losses -= value;
      lossSquares += value * value;
    }
  }
  const perYear = Math.sqrt(DAYS_PER_YEAR);
  const deviation = deviationOf(moments);
  const downside = Math.sqrt(lossSquares / samples);
  const growth = equities.at(-1)! / equities[0]!;
  const cagr = growth > 0 ? growth ** (DAYS_PER_YEAR / samples) - 1 : -1;
  const sorted = Float64Array.from(returns).toSorted();
  // Up to the value at risk, including the sample at its place.
  const worst = sorted.subarray(0, Math.floor((samples - 1) * TAIL_SHARE) + 1);
  return {
    reason: null,
    samples,
    cagr,
    volatility: deviation * perYear,
    sharpe: ratio(moments.mean * perYear, deviation),
    sortino: ratio(moments.mean * perYear, downside),
    calmar: ratio(cagr, drawdownMax),
    omega: ratio(gains, losses),
    valueAtRisk: quantileOf(sorted, TAIL_SHARE),
    conditionalValueAtRisk: worst.reduce((sum, value) => sum + value, 0) / worst.length,
    ulcerIndex: ulcerIndexOf(equities),
    skew: skewOf(moments),
    excessKurtosis: excessKurtosisOf(moments),
    tailRatio: ratio(quantileOf(sorted, 1 - TAIL_SHARE), Math.abs(quantileOf(sorted, TAIL_SHARE))),
  };
}

/** The day on which the equity is gone is the last one: a return on zero is undefined. */
function untilNothing(equities: readonly number[]): readonly number[] {
  const end = equities.findIndex((equity) => equity <= 0);
  return end === -1 ? equities : [...equities.slice(0, end), 0];
}

/** Null where the divisor is zero: an infinite ratio is meaningless. */
function ratio(dividend: number, divisor: number): number | null {
  return divisor > 0 ? dividend / divisor : null;
}

/** Quantile of ascending values, with linear interpolation. */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

function ulcerIndexOf(equities: readonly number[]): number {
  let peak = -Infinity;
  let squares = 0;
  for (const equity of equities) {
    peak = Math.max(peak, equity);
    squares += ((peak - equity) / peak) ** 2;
  }
  return Math.sqrt(squares / equities.length);
}

function tooFew(samples: number): DailyRatios {
  return {
    reason: `${samples} daily samples, at least ${DAILY_SAMPLES_MIN} are needed`,
    samples,
    cagr: null,
    volatility: null,
    sharpe: null,
    sortino: null,
    calmar: null,
    omega: null,
    valueAtRisk: null,
    conditionalValueAtRisk: null,
    ulcerIndex: null,
    skew: null,
    excessKurtosis: null,
    tailRatio: null,
  };
}
