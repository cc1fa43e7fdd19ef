/** Part of a chunk, without copying its buffers. */
import type { ScanChunk } from "./backtest-run.ts";

export type SlicePlace = {
  readonly first: number;
  readonly count: number;
  /** Number of features carried with each scan. */
  readonly carriedCount: number;
};

export function sliceOfChunk(chunk: ScanChunk, place: SlicePlace): ScanChunk {
  const { first, count, carriedCount } = place;
  if (first === 0) return count === chunk.count ? chunk : { ...chunk, count };
  const { assets, eigenvalueCount, scanNumbers, asOfMs, funding, features, books } = chunk;
  return {
    assets,
    count,
    timesMs: chunk.timesMs.subarray(first),
    ...(asOfMs === undefined ? {} : { asOfMs: asOfMs.subarray(first) }),
    ...(scanNumbers === undefined ? {} : { scanNumbers: scanNumbers.subarray(first) }),
    prices: chunk.prices.subarray(first * assets.length),
    eigenvalues: chunk.eigenvalues.subarray(first * eigenvalueCount),
    eigenvalueCount,
    carried: chunk.carried.subarray(first * carriedCount),
    // The whole list: a run skips the rates that it has stepped already.
    ...(funding === undefined ? {} : { funding }),
    ...(features === undefined ? {} : { features }),
    ...(books === undefined ? {} : { books }),
  };
}
