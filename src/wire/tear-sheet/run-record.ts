/** What `report.json` holds: the report of a run, what it cost, and how it was made. */
import type { BacktestReport } from "../../domain/backtest/report.ts";
import type { RunSettings } from "../../domain/backtest/run-settings.ts";

export type CostRow = {
  /** Fees and slippage times this. */
  readonly factor: number;
  readonly total: number;
  readonly fees: number;
  readonly trades: number;
  readonly winRate: number | null;
  readonly sharpe: number | null;
  readonly drawdownMax: number;
};

export type RunRecord = {
  readonly name: string;
  readonly archive: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly report: BacktestReport;
  readonly costs: readonly CostRow[];
  readonly settings: RunSettings;
  readonly read: {
    readonly scans: number;
    readonly refused: number;
    readonly duplicates: number;
    /** Scans whose time lay before that of the scan before them. */
    readonly backwards: number;
    /** Scans that an earlier attempt had read, and this one did not. */
    readonly resumedFrom: number;
  };
  /** The only part that differs from run to run. */
  readonly timing: { readonly wallMs: number; readonly scansPerS: number };
};
