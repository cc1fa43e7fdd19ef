/** Inputs, results and the query of backtests and sweeps. */
import { defineQuery } from "@temporalio/workflow";
import type { GridAxis } from "../../domain/backtest/sweep/parameter-grid.ts";
import type { AskedOfRun } from "../../wire/backtest/book-run.ts";

/** A backtest as the activities take it: what was left out of the input is as the worker's book has it. */
export type BacktestRequest = {
  /** Also the name of its folder. */
  readonly name: string;
  /** Null: the worker's archive. */
  readonly archive: string | null;
  readonly from: string | null;
  readonly to: string | null;
  /** The range follows from the day of the run: an archive that has nothing in it yet is no mistake. */
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

/** Where the result lies: never the result itself. */
export type BacktestReference = {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  /** The hash of the file's bytes. */
  readonly sha256: string;
  readonly resultHash: string;
  readonly scans: number;
  readonly total: number;
  readonly trades: number;
};

/** The result of a run over the last days, in an archive that has no scans of them yet. */
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
