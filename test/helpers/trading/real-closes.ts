/** The real closes of the examples as a chunk of scans, with the eigenvalues that the writer of scans gives. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ScanChunk } from "../../../src/domain/backtest/backtest.ts";
import { closesToChunk } from "../../../examples/strategies/closes-to-chunk.ts";

const CLOSES = resolve(import.meta.dirname, "../../../examples/data/crypto-5m-closes.csv");

export function realCloses(): ScanChunk {
  return closesToChunk(readFileSync(CLOSES, "utf8"));
}

/** The first so many scans. */
export function headOf(chunk: ScanChunk, count: number): ScanChunk {
  return { ...chunk, count };
}
