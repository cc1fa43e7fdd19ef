/**
 * Windows over the last values of a series. They are plain records, so that a snapshot of a strategy keeps them
 * exactly. Invariant: a window's sums depend only on the values that were added; they are recomputed once per round,
 * so that rounding errors do not accumulate over a long day.
 */

export type RollingWindow = {
  readonly values: Float64Array;
  /** Index of the next write. */
  at: number;
  count: number;
  sum: number;
  sumOfSquares: number;
};

export function createRollingWindow(length: number): RollingWindow {
  return { values: new Float64Array(length), at: 0, count: 0, sum: 0, sumOfSquares: 0 };
}

export function addToWindow(window: RollingWindow, value: number): void {
  const { values } = window;
  const leaving = values[window.at]!;
  values[window.at] = value;
  window.at += 1;
  if (window.count < values.length) {
    window.count += 1;
    window.sum += value;
    window.sumOfSquares += value * value;
  } else {
    window.sum += value - leaving;
    window.sumOfSquares += value * value - leaving * leaving;
  }
  if (window.at < values.length) return;
  window.at = 0;
  window.sum = 0;
  window.sumOfSquares = 0;
  for (let place = 0; place < values.length; place += 1) {
    const kept = values[place]!;
    window.sum += kept;
    window.sumOfSquares += kept * kept;
  }
}

export function isWindowFull({ count, values }: RollingWindow): boolean {
  return count === values.length;
}

export function emptyWindow(window: RollingWindow): void {
  window.at = 0;
  window.count = 0;
  window.sum = 0;
  window.sumOfSquares = 0;
}

/** The value that was added `places` values before the newest; 0 is the newest itself. */
export function valueBefore({ values, at }: RollingWindow, places: number): number {
  const place = at - 1 - places;
  return values[place < 0 ? place + values.length : place]!;
}

/** The population standard deviation, without a correction for a small sample. */
export function windowDeviation({ sum, sumOfSquares, count }: RollingWindow): number {
  const mean = sum / count;
  return Math.sqrt(Math.max(0, sumOfSquares / count - mean * mean));
}

export function windowRootMeanSquare({ sumOfSquares, count }: RollingWindow): number {
  return Math.sqrt(Math.max(0, sumOfSquares / count));
}

/** The last values in order of arrival and in order of size, so that quantiles need no sorting. */
export type RollingRanks = { readonly arrived: RollingWindow; readonly sorted: Float64Array };

export function createRollingRanks(length: number): RollingRanks {
  return { arrived: createRollingWindow(length), sorted: new Float64Array(length) };
}

export function addToRanks({ arrived, sorted }: RollingRanks, value: number): void {
  let { count } = arrived;
  if (count === sorted.length) {
    const place = placeOf(sorted, count, arrived.values[arrived.at]!);
    sorted.copyWithin(place, place + 1, count);
    count -= 1;
  }
  const place = placeOf(sorted, count, value);
  sorted.copyWithin(place + 1, place, count);
  sorted[place] = value;
  addToWindow(arrived, value);
}

/** Quantile with linear interpolation. */
export function rankedQuantile({ arrived, sorted }: RollingRanks, share: number): number {
  const place = (arrived.count - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below]!;
  return below + 1 < arrived.count ? low + (sorted[below + 1]! - low) * (place - below) : low;
}

/** Index of the first of `count` ascending values that is not below this one. */
function placeOf(sorted: Float64Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
