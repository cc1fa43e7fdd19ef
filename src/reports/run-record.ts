/** The content of `report.json`: the report of a run, its costs, and how it was made. */
import type { BacktestReport } from "../domain/backtest/report.ts";
import type { RunSettings } from "../domain/backtest/run-settings.ts";
import type { PassCounts } from "../wire/backtest/run-checkpoint.ts";
import type { BookDifference } from "../wire/backtest/book-run.ts";

export type CostRow = {
  /** Factor for fees and slippage. */
  readonly factor: number;
  readonly total: number;
  readonly fees: number;
  readonly trades: number;
  readonly winRate: number | null;
  readonly sharpe: number | null;
  readonly drawdownMax: number;
  /** The limit that stopped it, or would have, with the day; null for none. */
  readonly latched: string | null;
};

export type BacktestRecord = {
  readonly name: string;
  readonly archive: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly report: BacktestReport;
  readonly costs: readonly CostRow[];
  readonly settings: RunSettings;
  readonly differsFromBook: readonly BookDifference[];
  readonly read: PassCounts & {
    /** Scans that an earlier attempt had read. */
    readonly resumedFrom: number;
  };
  /** By declared indicator, the days without recordings; absent: none is declared. */
  readonly daysWithout?: Readonly<Record<string, readonly string[]>>;
  /** The only part that differs from run to run. */
  readonly timing: { readonly wallMs: number; readonly scansPerS: number };
};
