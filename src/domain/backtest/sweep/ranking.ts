/** Which set of a sweep is best, and how much of its result may be luck. */
import { deflatedSharpe, type DeflatedSharpe } from "../../statistics/deflated-sharpe.ts";
import type { BacktestReport } from "../report.ts";

export type Objective = "sharpe" | "total";

/** The figures by which sets are ranked: all that has to be kept of a set that is not the best. */
export type TrialScore = { readonly sharpe: number | null; readonly total: number };

export type Luck =
  | ({ readonly reason: null } & DeflatedSharpe)
  | { readonly reason: string; readonly probability: null; readonly expectedBest: null };

const DAYS_PER_YEAR = 365;
const EVERYTHING_LOST = -1;

export function trialScoreOf({ risk, returns }: BacktestReport): TrialScore {
  return { sharpe: risk.sharpe, total: returns.total };
}

/** The Sharpe ratio where there are enough days for one, else the total return. */
export function objectiveOf(scores: readonly TrialScore[]): Objective {
  return scores.some(({ sharpe }) => sharpe !== null) ? "sharpe" : "total";
}

/** A set without a ratio, because it never traded, comes last, as does one that lost everything. */
export function scoreOf({ sharpe, total }: TrialScore, objective: Objective): number {
  if (total <= EVERYTHING_LOST) return -Infinity;
  return objective === "total" ? total : (sharpe ?? -Infinity);
}

/** Index of the best one; the first of equals. */
export function bestOf(scores: readonly TrialScore[], objective: Objective): number {
  let best = 0;
  for (let at = 1; at < scores.length; at += 1) {
    if (scoreOf(scores[best]!, objective) < scoreOf(scores[at]!, objective)) best = at;
  }
  return best;
}

export function luckOf(scores: readonly TrialScore[], best: BacktestReport): Luck {
  const { risk } = best;
  const none = { probability: null, expectedBest: null };
  if (risk.sharpe === null || risk.skew === null || risk.excessKurtosis === null) {
    return { reason: risk.reason ?? "the best set has no Sharpe ratio", ...none };
  }
  const perDay = Math.sqrt(DAYS_PER_YEAR);
  const sharpes = scores.flatMap(({ sharpe }) => (sharpe === null ? [] : [sharpe / perDay]));
  const { samples, skew, excessKurtosis } = risk;
  const measured = { sharpe: risk.sharpe / perDay, samples, skew, excessKurtosis };
  return { reason: null, ...deflatedSharpe({ trials: scores.length, sharpes, best: measured }) };
}
