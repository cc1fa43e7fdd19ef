/** Inputs, results and the query of backtests and sweeps. */
import { defineQuery } from "@temporalio/workflow";
import type { GridAxis } from "../../domain/backtest/sweep/parameter-grid.ts";
import type { AskedOfRun } from "../../wire/backtest/book-run.ts";

/** A backtest as the activities take it; fields missing in the input are as in the worker's book. */
export type BacktestRequest = {
  /** Also the name of its folder. */
  readonly name: string;
  /** Null: the worker's archive. */
  readonly archive: string | null;
  readonly from: string | null;
  readonly to: string | null;
  /** The range depends on the day of the run: an archive without scans in it is not an error. */
  readonly isRolling: boolean;
  readonly acceptDisorder: boolean;
  /** A built-in strategy's name, or a file that every batch worker has; null: the book's. */
  readonly strategy: string | null;
  readonly asked: AskedOfRun;
};

export type SweepRequest = BacktestRequest & {
  readonly axes: readonly GridAxis[];
  readonly walkForward: { readonly trainDays: number; readonly testDays: number } | null;
};

/** The result's location, never the result itself. */
export type BacktestReference = {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  /** The hash of the file's content. */
  readonly sha256: string;
  readonly resultHash: string;
  readonly scans: number;
  readonly total: number;
  readonly trades: number;
};

/** The result of a run over the last days, in an archive without scans of them. */
export type NothingToRun = {
  readonly name: string;
  readonly scans: 0;
  readonly nothing_to_do: string;
};

export type SweepProgress = {
  readonly chunks: number;
  readonly chunks_total: number;
  readonly trials: number;
  readonly trials_total: number;
  readonly seconds_left: number | null;
};

export const progressQuery = defineQuery<SweepProgress>("progress");
