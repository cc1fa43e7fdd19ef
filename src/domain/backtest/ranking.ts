/** Which set of a sweep is best, and how much of that is luck. */
import { deflatedSharpe, type DeflatedSharpe } from "../statistics/deflated-sharpe.ts";
import type { BacktestReport } from "./report.ts";

export type Objective = "sharpe" | "total";

export type Luck =
  | ({ readonly reason: null } & DeflatedSharpe)
  | { readonly reason: string; readonly probability: null; readonly expectedBest: null };

const DAYS_PER_YEAR = 365;

/** The Sharpe ratio where the days suffice for one, else the total return. */
export function objectiveOf(reports: readonly BacktestReport[]): Objective {
  return reports.some(({ risk }) => risk.sharpe !== null) ? "sharpe" : "total";
}

/** A set without a ratio, because it never moved, comes last. */
export function scoreOf({ risk, returns }: BacktestReport, objective: Objective): number {
  return objective === "total" ? returns.total : (risk.sharpe ?? -Infinity);
}

/** Place of the best one; the first of equals. */
export function bestOf(reports: readonly BacktestReport[], objective: Objective): number {
  let best = 0;
  for (let at = 1; at < reports.length; at += 1) {
    if (scoreOf(reports[best]!, objective) < scoreOf(reports[at]!, objective)) best = at;
  }
  return best;
}

export function luckOf(reports: readonly BacktestReport[], best: BacktestReport): Luck {
  const { risk } = best;
  const none = { probability: null, expectedBest: null };
  if (risk.sharpe === null || risk.skew === null || risk.excessKurtosis === null) {
    return { reason: risk.reason ?? "the best set has no Sharpe ratio", ...none };
  }
  const perDay = Math.sqrt(DAYS_PER_YEAR);
  const sharpes = reports.flatMap((report) =>
    report.risk.sharpe === null ? [] : [report.risk.sharpe / perDay],
  );
  const { samples, skew, excessKurtosis } = risk;
  const measured = { sharpe: risk.sharpe / perDay, samples, skew, excessKurtosis };
  return { reason: null, ...deflatedSharpe({ trials: reports.length, sharpes, best: measured }) };
}
