/**
 * Thins the series of a chart to the points that a screen can show: time is divided into equal parts, and of each
 * part the lowest, the highest and the last value are kept. Invariant: no peak is lost, whatever the number of
 * points.
 */

/** By columns, the form that a chart takes. */
export type ThinnedSeries = {
  readonly atMs: number[];
  readonly low: (number | null)[];
  readonly high: (number | null)[];
  readonly last: (number | null)[];
  /** Number of points that went into it. */
  readonly count: number;
};

export type SeriesPoint = { readonly atMs: number; readonly value: number };
/** Two arrays of the same length. */
export type TimeSeries = { readonly atMs: Float64Array; readonly values: Float64Array };

/** Each part costs two points of a chart, its low and its high. */
export const PARTS_MAX = 1_000;

/** Ascending by time. A short series is returned as it is. Infinite values and NaN are left out. */
export function thinnedSeries(points: readonly SeriesPoint[], partsMax = PARTS_MAX): ThinnedSeries {
  const atMs = Float64Array.from(points, (point) => point.atMs);
  const values = Float64Array.from(points, ({ value }) => value);
  return thinnedColumn({ atMs, values }, partsMax);
}

/** As `thinnedSeries`, without an object for each point. */
export function thinnedColumn(
  { atMs: times, values }: TimeSeries,
  partsMax = PARTS_MAX,
): ThinnedSeries {
  const count = values.reduce((sum, value) => sum + (Number.isFinite(value) ? 1 : 0), 0);
  const thinned: ThinnedSeries = { atMs: [], low: [], high: [], last: [], count };
  const first = times[values.findIndex(Number.isFinite)] ?? 0;
  const end = times[values.findLastIndex(Number.isFinite)] ?? 0;
  const widthMs = Math.max(1, (end - first) / partsMax);
  const isWhole = count <= partsMax;
  let part = -1;
  let number = -1;
  for (let at = 0; at < values.length; at += 1) {
    const atMs = times[at]!;
    const value = values[at]!;
    if (!Number.isFinite(value)) continue;
    number += 1;
    // After a clock was set back, points stay in the current part.
    const own = isWhole ? number : Math.max(part, partOf(atMs - first, widthMs, partsMax));
    const place = thinned.atMs.length - 1;
    if (own === part && 0 <= place) {
      thinned.low[place] = Math.min(thinned.low[place] ?? value, value);
      thinned.high[place] = Math.max(thinned.high[place] ?? value, value);
      thinned.last[place] = value;
      thinned.atMs[place] = atMs;
      continue;
    }
    part = own;
    thinned.atMs.push(atMs);
    thinned.low.push(value);
    thinned.high.push(value);
    thinned.last.push(value);
  }
  return thinned;
}

function partOf(sinceMs: number, widthMs: number, partsMax: number): number {
  return Math.min(partsMax - 1, Math.floor(sinceMs / widthMs));
}
