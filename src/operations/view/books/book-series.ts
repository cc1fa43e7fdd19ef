/**
 * A book's inputs and values at each of its last scans, in memory. Invariant: at most `SCANS_MAX` scans and
 * `PRICES_MAX` prices are kept, whatever the rate and the number of assets.
 */
import { type ThinnedSeries, thinnedSeries } from "../../../domain/statistics/thinned-series.ts";
import type { ScanEvent } from "../../../domain/trading/events.ts";
import type { RefusalReason } from "../../../domain/trading/decision.ts";
import type { Trader } from "../../../domain/trading/trader.ts";
import { type EquitySeries, equitySeries } from "./equity-series.ts";

export type Refusal = {
  readonly seq: number;
  readonly atMs: number;
  readonly reason: RefusalReason;
  readonly subject: string;
  readonly signal: number;
};

export type BookSeries = {
  /** Called after the step of a scan that was taken in order. */
  add(event: ScanEvent, trader: Trader): void;
  readonly firstMs: number | null;
  readonly count: number;
  /** Newest first. */
  readonly refusals: readonly Refusal[];
  readings(): Readonly<Record<string, ThinnedSeries>>;
  /** The largest ones as series, and the largest divided by the number of assets at the newest scan. */
  eigenvalues(): { readonly largest: readonly ThinnedSeries[]; readonly share: number | null };
  equity(): EquitySeries;
  /** Null: no scan that is kept has a price of it. */
  prices(asset: string): ThinnedSeries | null;
};

const SCANS_MAX = 20_000;
const PRICES_MAX = 4_000_000;
const REFUSALS_MAX = 200;
const READINGS_MAX = 4;
const EIGENVALUES_SHOWN = 3;
/** Removed in larger pieces, so that not every scan moves the whole array. */
const CUT_SHARE = 1 / 16;

type Row = {
  readonly atMs: number;
  readonly equity: number;
  readonly readings: Readonly<Record<string, number>>;
  readonly eigenvalues: readonly number[];
  readonly assets: readonly string[];
  readonly prices: Float32Array;
};

export function createBookSeries(): BookSeries {
  const rows: Row[] = [];
  const refusals: Refusal[] = [];
  let prices = 0;
  const isTooMuch = (): boolean => SCANS_MAX < rows.length || PRICES_MAX < prices;
  const cutToSize = (): void => {
    while (isTooMuch()) {
      for (const row of rows.splice(0, Math.ceil(rows.length * CUT_SHARE))) {
        prices -= row.prices.length;
      }
    }
  };
  const series = (of: (row: Row) => number | undefined): ThinnedSeries =>
    thinnedSeries(rows.map((row) => ({ atMs: row.atMs, value: of(row) ?? Number.NaN })));
  return {
    add(event, trader) {
      const row = rowOf(event, trader);
      rows.push(row);
      prices += row.prices.length;
      cutToSize();
      const refusal = refusalOf(trader);
      if (refusal === null) return;
      refusals.unshift(refusal);
      refusals.length = Math.min(refusals.length, REFUSALS_MAX);
    },
    get firstMs() {
      return rows[0]?.atMs ?? null;
    },
    get count() {
      return rows.length;
    },
    refusals,
    readings() {
      const names = [...new Set(rows.slice(-1).flatMap((row) => Object.keys(row.readings)))];
      return Object.fromEntries(names.map((name) => [name, series((row) => row.readings[name])]));
    },
    eigenvalues: () => ({
      largest: Array.from({ length: EIGENVALUES_SHOWN }, (_, at) =>
        series((row) => row.eigenvalues[at]),
      ),
      share: shareOf(rows.at(-1)),
    }),
    equity: () => equitySeries(rows),
    prices: (asset) => pricesIn(rows, asset),
  };
}

function rowOf(event: ScanEvent, { data, strategy }: Trader): Row {
  const { nowMs, assets, pricesAt, eigenvaluesAt, eigenvalueCount } = event;
  const shown = Math.min(eigenvalueCount, EIGENVALUES_SHOWN);
  const numbers = Object.entries(strategy.readings()).flatMap(([name, value]) =>
    typeof value === "number" ? [[name, value] as const] : [],
  );
  return {
    atMs: nowMs,
    equity: data.account.equity,
    readings: Object.fromEntries(numbers.slice(0, READINGS_MAX)),
    eigenvalues: [...event.eigenvalues.subarray(eigenvaluesAt, eigenvaluesAt + shown)],
    assets,
    prices: Float32Array.from(event.prices.subarray(pricesAt, pricesAt + assets.length)),
  };
}

function shareOf(row: Row | undefined): number | null {
  const largest = row?.eigenvalues[0];
  return row === undefined || largest === undefined ? null : largest / row.assets.length;
}

function refusalOf({ data: { decision, nowMs } }: Trader): Refusal | null {
  const { refusal, seq, subject, signal } = decision;
  return refusal === null ? null : { seq, atMs: nowMs, reason: refusal, subject, signal };
}

function pricesIn(rows: readonly Row[], asset: string): ThinnedSeries | null {
  // Most rows share the same array of names.
  let assets: readonly string[] = [];
  let column = -1;
  const points = rows.flatMap((row) => {
    if (row.assets !== assets) {
      assets = row.assets;
      column = assets.indexOf(asset);
    }
    const value = row.prices[column];
    return value === undefined ? [] : [{ atMs: row.atMs, value }];
  });
  const series = thinnedSeries(points);
  return series.count === 0 ? null : series;
}
