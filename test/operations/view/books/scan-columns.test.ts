import { expect, test } from "vitest";
import {
  createScanColumns,
  type ScanRow,
} from "../../../../src/operations/view/books/scan-columns.ts";

const LIMITS = { rowsMax: 3_000, pricesMax: 7_000, eigenvalues: 2 };
const ROWS = 20_000;

/** Assets come and go, a reading is there at times, and no two numbers are the same. */
function rowAt(at: number): ScanRow {
  const assets = ["A", "B", "C", "D"].slice(0, 1 + (Math.floor(at / 1_700) % 4));
  return {
    atMs: at * 10,
    equity: 100 + at,
    readings: at % 3 === 0 ? { steady: at } : { steady: at, [`of-${Math.floor(at / 3_000)}`]: -at },
    eigenvalues: at % 2 === 0 ? [at] : [at, at / 2],
    assets,
    prices: Float64Array.from(assets, (_, place) => at + place * 100_000),
  };
}

test("columns are those of the last rows, with as many prices as are allowed, whatever comes and goes", () => {
  const columns = createScanColumns(LIMITS);
  const added: ScanRow[] = [];
  for (let at = 0; at < ROWS; at += 1) {
    added.push(rowAt(at));
    columns.add(rowAt(at));
    if (at % 611 !== 0 && at + 1 !== ROWS) continue;
    const kept = added.slice(-columns.count);
    const of = (valueOf: (row: ScanRow) => number | undefined) =>
      kept.map((row) => valueOf(row) ?? Number.NaN);
    const prices = kept.reduce((sum, row) => sum + row.prices.length, 0);
    expect(columns.count).toBeLessThanOrEqual(LIMITS.rowsMax);
    expect(prices).toBeLessThanOrEqual(LIMITS.pricesMax);
    // A piece that is removed is a sixteenth.
    const isFull = LIMITS.rowsMax * 0.9 < columns.count || LIMITS.pricesMax * 0.9 < prices;
    expect(isFull || columns.count === added.length).toBe(true);
    const newest = `of-${Math.floor(at / 3_000)}`;
    const said = [
      columns.equity(),
      columns.reading("steady"),
      columns.reading(newest),
      columns.reading("unknown"),
      columns.eigenvalue(1),
      columns.prices("C"),
    ].map(({ values }) => [...values]);
    expect(said).toEqual([
      of(({ equity }) => equity),
      of(({ readings }) => readings["steady"]),
      of(({ readings }) => readings[newest]),
      of(() => undefined),
      of(({ eigenvalues }) => eigenvalues[1]),
      of(({ assets, prices: own }) => own[assets.indexOf("C")]),
    ]);
    expect([...columns.equity().atMs]).toEqual(of(({ atMs }) => atMs));
    expect(columns.firstMs).toBe(kept[0]?.atMs);
  }
});
