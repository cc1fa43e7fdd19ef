/** The real closes of the examples as a chunk of scans, with eigenvalues as the scan writer computes them. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ScanChunk } from "../../../src/domain/backtest/backtest-run.ts";
import { closesToChunk } from "../../../examples/strategies/closes-to-chunk.ts";

const CLOSES = resolve(import.meta.dirname, "../../../examples/data/crypto-5m-closes.csv");

export function realCloses(): ScanChunk {
  return closesToChunk(readFileSync(CLOSES, "utf8"));
}

/** The same scans in chunks of so many. */
export function partsOf(chunk: ScanChunk, size: number): ScanChunk[] {
  const { assets, count, timesMs, prices, eigenvalues, eigenvalueCount } = chunk;
  return Array.from({ length: Math.ceil(count / size) }, (_, at) => {
    const first = at * size;
    return {
      ...chunk,
      count: Math.min(size, count - first),
      timesMs: timesMs.subarray(first),
      prices: prices.subarray(first * assets.length),
      eigenvalues: eigenvalues.subarray(first * eigenvalueCount),
    };
  });
}
