/** A bounded part of the archive as one chunk in memory, for checks that examine it repeatedly. */
import type { ScanChunk } from "../../domain/backtest/backtest-run.ts";
import { isSameUniverse } from "../../wire/day-file/archive-chunk.ts";
import { openArchivePass, type ArchiveRange, type PassChunk } from "./archive-chunks.ts";

/** Scans of one universe, at most `scansMax`; null where there are none. */
export async function readWhole(
  range: ArchiveRange,
  limits: { readonly scansMax: number; readonly onProblem: (problem: string) => void },
): Promise<ScanChunk | null> {
  const parts: PassChunk[] = [];
  let count = 0;
  const pass = openArchivePass(range, limits.onProblem);
  for await (const chunk of pass.chunks()) {
    const first = parts[0];
    const rows = Math.min(chunk.count, limits.scansMax - count);
    if (rows === 0 || (first !== undefined && !isSameUniverse(first.assets, chunk.assets))) break;
    parts.push({
      ...chunk,
      count: rows,
      timesMs: chunk.timesMs.slice(0, rows),
      asOfMs: chunk.asOfMs.slice(0, rows),
      scanNumbers: chunk.scanNumbers.slice(0, rows),
      prices: chunk.prices.slice(0, rows * chunk.assets.length),
      eigenvalues: chunk.eigenvalues.slice(0, rows * chunk.eigenvalueCount),
    });
    count += rows;
  }
  pass.expectOrder();
  const [first] = parts;
  if (first === undefined) return null;
  return {
    ...first,
    count,
    funding: parts.flatMap(({ funding = [] }) => funding),
    features: parts.flatMap(({ features = [] }) => features),
    books: parts.flatMap(({ books = [] }) => books),
    timesMs: joined(parts.map(({ timesMs }) => timesMs)),
    asOfMs: joined(parts.map(({ asOfMs }) => asOfMs)),
    scanNumbers: joined(parts.map(({ scanNumbers }) => scanNumbers)),
    prices: joined(parts.map(({ prices }) => prices)),
    eigenvalues: joined(parts.map(({ eigenvalues }) => eigenvalues)),
  };
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
