/**
 * The mean block length of a stationary bootstrap: Politis and White (2004) with the correction of Patton, Politis
 * and White (2009). Blocks that are too short lose the dependence between neighbouring returns, and with it the long
 * drawdowns that the forecast is about.
 */
import { assert } from "../assert.ts";

/** With fewer values autocorrelation cannot be estimated. */
export const SERIES_MIN = 8;
const ROUNDING = 1e-12;

/**
 * @param series in order of time, at least `SERIES_MIN` finite values
 * @returns the mean length in values, from 1 to a third of the series; 1 where nothing varies
 */
export function optimalBlockLength(series: Float64Array): number {
  const count = series.length;
  assert(SERIES_MIN <= count, "a series is long enough for its autocorrelation");
  const insignificant = Math.max(5, Math.trunc(Math.log10(count)));
  const lagMax = Math.min(Math.ceil(Math.sqrt(count)) + insignificant, count - 2);
  const mean = series.reduce((sum, value) => sum + value, 0) / count;
  const { covariances, correlations } = autocorrelation(series, { mean, lagMax });
  const variance = covariances[0] ?? 0;
  // A variance this small is the rounding error of the mean of equal values.
  if (variance <= (ROUNDING * mean) ** 2) return 1;
  const band = 2 * Math.sqrt(Math.log10(count) / count);
  const lags = bandwidth(correlations, { insignificant, band });
  let slope = 0;
  let longRunVariance = variance;
  for (let lag = 1; lag <= lags; lag += 1) {
    const share = lag / lags;
    const weight = share <= 0.5 ? 1 : 2 * (1 - share);
    const covariance = covariances[lag] ?? 0;
    slope += 2 * weight * lag * covariance;
    longRunVariance += 2 * weight * covariance;
  }
  const length = Math.cbrt((slope / longRunVariance) ** 2) * Math.cbrt(count);
  const lengthMax = Math.ceil(Math.min(3 * Math.sqrt(count), count / 3));
  return Math.max(1, Math.min(length, lengthMax));
}

/** Twice the lag after which a whole run of correlations is not significant. */
function bandwidth(
  correlations: Float64Array,
  { insignificant, band }: { readonly insignificant: number; readonly band: number },
): number {
  const lagMax = correlations.length - 1;
  let run = 0;
  for (let lag = 0; lag < lagMax; lag += 1) {
    run = Math.abs(correlations[lag] ?? 0) < band ? run + 1 : 0;
    if (run === insignificant) return Math.min(2 * Math.max(lag + 1 - insignificant, 1), lagMax);
  }
  return lagMax;
}

function autocorrelation(
  series: Float64Array,
  { mean, lagMax }: { readonly mean: number; readonly lagMax: number },
) {
  const count = series.length;
  const deviations = series.map((value) => value - mean);
  const covariances = new Float64Array(lagMax + 1);
  const correlations = new Float64Array(lagMax + 1);
  for (let lag = 0; lag <= lagMax; lag += 1) {
    let product = 0;
    for (let at = lag; at < count; at += 1) {
      product += (deviations[at] ?? 0) * (deviations[at - lag] ?? 0);
    }
    covariances[lag] = product / count;
    // As the reference libraries do, both parts omit the values that have no partner at the next lag.
    const later = squares(deviations, lag + 1, count);
    const earlier = squares(deviations, 0, count - lag - 1);
    correlations[lag] = product / Math.sqrt(later * earlier);
  }
  return { covariances, correlations };
}

function squares(values: Float64Array, from: number, end: number): number {
  let sum = 0;
  for (let at = from; at < end; at += 1) sum += (values[at] ?? 0) ** 2;
  return sum;
}
