/**
 * The last scans of a book as columns of numbers: the same rows as objects take several times the memory, and reading
 * them leaves more garbage than V8 collects in time. Invariant: at most `rowsMax` rows and `pricesMax` prices are kept.
 */
import { assert } from "../../../domain/assert.ts";
import type { TimeSeries } from "../../../domain/statistics/thinned-series.ts";

export type ScanRow = {
  readonly atMs: number;
  readonly equity: number;
  /** By name; while `READINGS_MAX` names are kept, others are left out. */
  readonly readings: Readonly<Record<string, number>>;
  /** Descending. */
  readonly eigenvalues: readonly number[];
  readonly assets: readonly string[];
  /** In the order of `assets`. */
  readonly prices: Float64Array;
};
/** Its columns are valid until the next row is added; NaN: no value then. */
export type ScanColumnStore = {
  add(row: ScanRow): void;
  readonly count: number;
  /** Null before the first row. */
  readonly firstMs: number | null;
  equity(): TimeSeries;
  reading(name: string): TimeSeries;
  /** 0: the largest one. */
  eigenvalue(number: number): TimeSeries;
  prices(asset: string): TimeSeries;
};

export type ScanLimits = {
  readonly rowsMax: number;
  readonly pricesMax: number;
  /** How many of each scan are kept. */
  readonly eigenvalues: number;
};

const READINGS_MAX = 16;
/** Removed in larger pieces, so that not every scan moves all columns. */
const CUT_SHARE = 1 / 16;

export function createScanColumns({
  rowsMax,
  pricesMax,
  eigenvalues,
}: ScanLimits): ScanColumnStore {
  const atMs = numberColumn();
  const equity = numberColumn();
  const readings = new Map<string, NumberColumn>();
  const largest = Array.from({ length: eigenvalues }, numberColumn);
  const prices = priceColumn();
  let assets: (readonly string[])[] = [];

  const cut = (rows: number): void => {
    prices.cut(assets.slice(0, rows).reduce((sum, { length }) => sum + length, 0));
    for (const column of [atMs, equity, ...readings.values(), ...largest]) column.cut(rows);
    assets = assets.slice(rows);
    for (const [name, column] of readings) {
      if (column.kept().every(Number.isNaN)) readings.delete(name);
    }
  };
  const addReadings = (row: ScanRow): void => {
    for (const name of Object.keys(row.readings)) {
      if (readings.has(name) || READINGS_MAX <= readings.size) continue;
      const column = numberColumn();
      for (let count = 0; count < assets.length; count += 1) column.push(Number.NaN);
      readings.set(name, column);
    }
    for (const [name, column] of readings) column.push(row.readings[name] ?? Number.NaN);
  };
  const of = (column: NumberColumn | undefined): TimeSeries => ({
    atMs: atMs.kept(),
    values: column?.kept() ?? new Float64Array(assets.length).fill(Number.NaN),
  });
  return {
    add(row) {
      assert(row.prices.length === row.assets.length, "a scan has a price of each asset");
      const isFull = (): boolean =>
        rowsMax <= assets.length || pricesMax < prices.kept().length + row.prices.length;
      while (0 < assets.length && isFull()) cut(Math.ceil(assets.length * CUT_SHARE));
      addReadings(row);
      atMs.push(row.atMs);
      equity.push(row.equity);
      for (const [at, column] of largest.entries()) column.push(row.eigenvalues[at] ?? Number.NaN);
      prices.append(row.prices);
      assets.push(row.assets);
    },
    get count() {
      return assets.length;
    },
    get firstMs() {
      return atMs.kept()[0] ?? null;
    },
    equity: () => of(equity),
    reading: (name) => of(readings.get(name)),
    eigenvalue: (number) => of(largest[number]),
    prices: (asset) => ({ atMs: atMs.kept(), values: prices.of(asset, assets) }),
  };
}

type Numbers = Float64Array | Float32Array;
type GrowingColumn<T extends Numbers> = {
  push(value: number): void;
  append(values: Float64Array): void;
  kept(): T;
  /** From its beginning. */
  cut(count: number): void;
};
type NumberColumn = GrowingColumn<Float64Array>;

const FIRST_LENGTH = 1_024;

function growingColumn<T extends Numbers>(make: (length: number) => T): GrowingColumn<T> {
  let values = make(FIRST_LENGTH);
  let length = 0;
  const makeRoom = (count: number): void => {
    if (length + count <= values.length) return;
    const longer = make(2 * Math.max(values.length, count));
    longer.set(values);
    values = longer;
  };
  return {
    push(value) {
      makeRoom(1);
      values[length] = value;
      length += 1;
    },
    append(more) {
      makeRoom(more.length);
      values.set(more, length);
      length += more.length;
    },
    // oxlint-disable-next-line no-unsafe-type-assertion -- a part of such an array is one
    kept: () => values.subarray(0, length) as T,
    cut(count) {
      values.copyWithin(0, count, length);
      length -= count;
    },
  };
}

function numberColumn(): NumberColumn {
  return growingColumn((length) => new Float64Array(length));
}

/** With half the digits: they are only drawn. */
function priceColumn() {
  const column = growingColumn((length) => new Float32Array(length));
  return {
    ...column,
    /** `rows`: the names of each row. */
    of(asset: string, rows: readonly (readonly string[])[]): Float64Array {
      const values = column.kept();
      // Most rows share the same array of names.
      let names: readonly string[] = [];
      let place = -1;
      let start = 0;
      return Float64Array.from(rows, (own) => {
        if (own !== names) {
          names = own;
          place = own.indexOf(asset);
        }
        const value = place === -1 ? Number.NaN : values[start + place];
        start += own.length;
        return value ?? Number.NaN;
      });
    },
  };
}
