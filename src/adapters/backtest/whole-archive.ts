/** A bounded part of the archive as one chunk in memory: for checks that look at all of it again and again. */
import type { ScanChunk } from "../../domain/backtest/backtest.ts";
import { openArchivePass, type ArchiveRange } from "./archive-chunks.ts";

/** Scans of one universe, at most `scansMax`; null where there are none. */
export async function readWhole(
  range: ArchiveRange,
  limits: { readonly scansMax: number; readonly onProblem: (problem: string) => void },
): Promise<ScanChunk | null> {
  const parts: ScanChunk[] = [];
  let count = 0;
  for await (const chunk of openArchivePass(range, limits.onProblem).chunks()) {
    const first = parts[0];
    const rows = Math.min(chunk.count, limits.scansMax - count);
    if (rows === 0 || (first !== undefined && !isSameUniverse(first.assets, chunk.assets))) break;
    parts.push({
      ...chunk,
      count: rows,
      timesMs: chunk.timesMs.slice(0, rows),
      prices: chunk.prices.slice(0, rows * chunk.assets.length),
      eigenvalues: chunk.eigenvalues.slice(0, rows * chunk.eigenvalueCount),
    });
    count += rows;
  }
  const [first] = parts;
  if (first === undefined) return null;
  return {
    ...first,
    count,
    timesMs: joined(parts.map(({ timesMs }) => timesMs)),
    prices: joined(parts.map(({ prices }) => prices)),
    eigenvalues: joined(parts.map(({ eigenvalues }) => eigenvalues)),
  };
}

function isSameUniverse(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, at) => name === b[at]));
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
