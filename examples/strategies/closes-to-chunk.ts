/** A CSV of closes as columns of scans: prices, and the eigenvalues of the correlation of log returns. */
import type { ScanChunk } from "../../src/domain/backtest/backtest-run.ts";
import { symmetricEigenvalues } from "../../src/domain/simulator/eigenvalues.ts";
import { parsePriceTable } from "../../src/wire/price-table.ts";

const WINDOW_SCANS = 50;
/** Fewer returns say nothing of a correlation. */
const RETURNS_MIN = 3;

export function closesToChunk(text: string): ScanChunk {
  const { assets, rows } = parsePriceTable(text);
  const times = text.split(/\r?\n/).slice(1, rows.length + 1);
  const count = rows.length;
  const prices = new Float64Array(count * assets.length);
  const eigenvalues = new Float64Array(count).fill(Number.NaN);
  rows.forEach((row, at) => {
    prices.set(row, at * assets.length);
    const recent = rows.slice(Math.max(0, at - WINDOW_SCANS), at + 1);
    if (RETURNS_MIN < recent.length) eigenvalues[at] = largestEigenvalue(recent, assets.length);
  });
  const timesMs = Float64Array.from(times, (line) => Date.parse(line.slice(0, line.indexOf(","))));
  const carried = new Float64Array(0);
  return { assets, count, timesMs, prices, eigenvalues, eigenvalueCount: 1, carried };
}

function largestEigenvalue(rows: readonly Float64Array[], size: number): number {
  const moves = Array.from({ length: size }, (_, asset) =>
    standardized(rows.slice(1).map((row, at) => Math.log(row[asset]! / rows[at]![asset]!))),
  );
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const other = moves[column]!;
      matrix[row * size + column] = moves[row]!.reduce(
        (sum, move, at) => sum + move * other[at]!,
        0,
      );
    }
  }
  return symmetricEigenvalues(matrix, size)[0]!;
}

/** Mean 0 and length 1; an asset that never moved is correlated with nothing. */
function standardized(moves: readonly number[]): readonly number[] {
  const mean = moves.reduce((sum, move) => sum + move, 0) / moves.length;
  const length = Math.hypot(...moves.map((move) => move - mean));
  return moves.map((move) => (length === 0 ? 0 : (move - mean) / length));
}
