/**
 * A book's inputs and values at each of its last scans, in memory. Invariant: at most `SCANS_MAX` scans and
 * `PRICES_MAX` prices are kept, whatever the rate and the number of assets.
 */
import { thinnedColumn, type ThinnedSeries } from "../../../domain/statistics/thinned-series.ts";
import type { ScanEvent } from "../../../domain/trading/events.ts";
import type { RefusalReason } from "../../../domain/trading/decision.ts";
import type { Trader } from "../../../domain/trading/trader.ts";
import { type EquitySeries, equitySeries } from "./equity-series.ts";
import { createScanColumns, type ScanRow } from "./scan-columns.ts";

export type RefusedEntry = {
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
  readonly refusals: readonly RefusedEntry[];
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

export function createBookSeries(): BookSeries {
  const rows = createScanColumns({
    rowsMax: SCANS_MAX,
    pricesMax: PRICES_MAX,
    eigenvalues: EIGENVALUES_SHOWN,
  });
  const refusals: RefusedEntry[] = [];
  /** What the newest scan has. */
  let names: readonly string[] = [];
  let share: number | null = null;
  return {
    add(event, trader) {
      const row = rowOf(event, trader);
      rows.add(row);
      const [largest] = row.eigenvalues;
      names = Object.keys(row.readings);
      share = largest === undefined ? null : largest / row.assets.length;
      const refusal = refusalOf(trader);
      if (refusal === null) return;
      refusals.unshift(refusal);
      refusals.length = Math.min(refusals.length, REFUSALS_MAX);
    },
    get firstMs() {
      return rows.firstMs;
    },
    get count() {
      return rows.count;
    },
    refusals,
    readings: () =>
      Object.fromEntries(names.map((name) => [name, thinnedColumn(rows.reading(name))])),
    eigenvalues: () => ({
      largest: Array.from({ length: EIGENVALUES_SHOWN }, (_, at) =>
        thinnedColumn(rows.eigenvalue(at)),
      ),
      share,
    }),
    equity: () => equitySeries(rows.equity()),
    prices(asset) {
      const series = thinnedColumn(rows.prices(asset));
      return series.count === 0 ? null : series;
    },
  };
}

function rowOf(event: ScanEvent, { data, strategy }: Trader): ScanRow {
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
    prices: event.prices.subarray(pricesAt, pricesAt + assets.length),
  };
}

function refusalOf({ data: { decision, nowMs } }: Trader): RefusedEntry | null {
  const { refusal, seq, subject, signal } = decision;
  return refusal === null ? null : { seq, atMs: nowMs, reason: refusal, subject, signal };
}
