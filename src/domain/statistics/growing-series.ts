/**
 * A growing series of a chart: like `thinnedSeries`, but points are added one by one and are not kept. Invariant: no
 * peak is lost, and at most `partsMax` parts are held.
 */
import { PARTS_MAX, type SeriesPoint, type ThinnedSeries } from "./thinned-series.ts";

export type GrowingSeries = {
  /**
   * By time, ascending; an earlier point is added to the last part. A value that is not a finite number is left out.
   */
  add(point: SeriesPoint): void;
  /** A copy: later additions do not change it. */
  series(): ThinnedSeries;
};

type Part = { atMs: number; low: number; high: number; last: number };

export function createGrowingSeries(partsMax = PARTS_MAX): GrowingSeries {
  let parts: Part[] = [];
  let count = 0;
  /** Time span of a part; 0: each point is a part. */
  let widthMs = 0;
  let firstMs = 0;
  const isOfLast = (last: Part, atMs: number): boolean =>
    // A clock that was set back does not begin a new part.
    atMs <= last.atMs ||
    (0 < widthMs && atMs < firstMs + (Math.floor((last.atMs - firstMs) / widthMs) + 1) * widthMs);
  const put = (into: Part[], part: Part): void => {
    const last = into.at(-1);
    if (last === undefined || !isOfLast(last, part.atMs)) {
      into.push(part);
      return;
    }
    last.low = Math.min(last.low, part.low);
    last.high = Math.max(last.high, part.high);
    last.last = part.last;
    last.atMs = Math.max(last.atMs, part.atMs);
  };
  const halve = (): void => {
    const spanMs = parts.at(-1)!.atMs - firstMs;
    widthMs = Math.max(1, 2 * widthMs, (2 * spanMs) / partsMax);
    const wider: Part[] = [];
    for (const part of parts) put(wider, part);
    parts = wider;
  };
  return {
    add({ atMs, value }) {
      if (!Number.isFinite(value)) return;
      if (count === 0) firstMs = atMs;
      count += 1;
      put(parts, { atMs, low: value, high: value, last: value });
      if (partsMax < parts.length) halve();
    },
    series: () => ({
      atMs: parts.map(({ atMs }) => atMs),
      low: parts.map(({ low }) => low),
      high: parts.map(({ high }) => high),
      last: parts.map(({ last }) => last),
      count,
    }),
  };
}
