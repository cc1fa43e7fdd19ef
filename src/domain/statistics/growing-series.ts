/**
 * A series of a chart that points are added to, one after the other, for as long as one likes: as `thinnedSeries`, but
 * of points that nobody keeps. Invariant: no peak is lost, and no more than `partsMax` parts are held.
 */
import { PARTS_MAX, type Point, type ThinnedSeries } from "./thinned-series.ts";

export type GrowingSeries = {
  /** By time, ascending; one that is earlier belongs to the last part. What is no finite number is left out. */
  add(point: Point): void;
  /** A copy: what is added later does not change it. */
  series(): ThinnedSeries;
};

type Part = { atMs: number; low: number; high: number; last: number };

export function createGrowingSeries(partsMax = PARTS_MAX): GrowingSeries {
  let parts: Part[] = [];
  let count = 0;
  /** How much time a part may take; 0: each point is a part. */
  let widthMs = 0;
  let firstMs = 0;
  const isOfLast = (last: Part, atMs: number): boolean =>
    // A clock that was set back begins no part anew.
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
