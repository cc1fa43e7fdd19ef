/**
 * The retained results of a sweep's trials: a row for each set, two numbers for each set in each fold, and the full
 * report of the best set so far. Nothing here grows with the number of days.
 */
import type { GridAxis } from "../../../domain/backtest/sweep/parameter-grid.ts";
import {
  bestOf,
  objectiveOf,
  scoreOf,
  trialScoreOf,
  type Objective,
  type TrialScore,
} from "../../../domain/backtest/sweep/ranking.ts";
import type { BacktestReport } from "../../../domain/backtest/report.ts";
import { lossText } from "../../../domain/backtest/loss-watch.ts";
import type { Parameters } from "../../../domain/trading/strategy.ts";
import type { SweepRow } from "../../../reports/sweep-record.ts";
import { sealed, sealedHash } from "../run-backtest.ts";
import type { SweepPlan } from "./sweep-plan.ts";

/** The result of a finished trial; in a fold only its score is needed later. */
export type TriedSet = { readonly score: TrialScore; readonly report: BacktestReport | null };

export type Ranked = {
  readonly objective: Objective;
  readonly at: number;
  readonly best: BacktestReport;
  readonly rows: readonly SweepRow[];
};

export type SweepTally = {
  /** In the order of the plan's trials; null for a trial without scans in its span. */
  add(place: number, tried: TriedSet | null): void;
  /** Ranks the sets over all scans. `dataHash` is only known at the end. */
  ranked(dataHash: string): Ranked;
  /** The choice from a fold's training; the first set where no set had scans to train on. */
  choiceOf(fold: number): { readonly parameters: Parameters; readonly score: number | null };
};

export function triedIn(report: BacktestReport, isOfGrid: boolean): TriedSet {
  return { score: trialScoreOf(report), report: isOfGrid ? report : null };
}

type Figures = Omit<SweepRow, "set" | "score">;
/** The best by each objective, because the objective is only decided when all results are in. */
type Leaders = Record<Objective, BacktestReport | null>;

export function createSweepTally(
  { sets, folds }: Pick<SweepPlan, "sets" | "folds">,
  axes: readonly GridAxis[],
): SweepTally {
  const figures: Figures[] = [];
  const leaders: Leaders = { sharpe: null, total: null };
  const isThere = new Uint8Array(sets.length * folds.length);
  const totals = new Float64Array(isThere.length);
  /** NaN for none. */
  const sharpes = new Float64Array(isThere.length);
  const scoreAt = (at: number): TrialScore => ({
    sharpe: Number.isNaN(sharpes[at]!) ? null : sharpes[at]!,
    total: totals[at]!,
  });
  return {
    add(place, tried) {
      if (tried === null) return;
      const { score, report } = tried;
      if (place < sets.length) {
        figures.push(figuresOf(report!));
        takeLead(leaders, report!);
        return;
      }
      const at = place - sets.length;
      isThere[at] = 1;
      totals[at] = score.total;
      sharpes[at] = score.sharpe ?? Number.NaN;
    },
    ranked(dataHash) {
      const objective = objectiveOf(figures);
      const rows = figures.map((row, at): SweepRow => ({
        set: ownOf(sets[at]!, axes),
        score: finite(scoreOf(row, objective)),
        ...row,
        resultHash: sealedHash(row.resultHash, dataHash),
      }));
      const best = sealed(leaders[objective]!, dataHash);
      return { objective, at: bestOf(figures, objective), best, rows };
    },
    choiceOf(fold) {
      const places = [...sets.keys()].filter((set) => isThere[fold * sets.length + set] === 1);
      const scores = places.map((set) => scoreAt(fold * sets.length + set));
      const objective = objectiveOf(scores);
      const at = bestOf(scores, objective);
      const [chosen, score] = [places[at], scores[at]];
      return {
        parameters: sets[chosen ?? 0]!,
        score: score === undefined ? null : finite(scoreOf(score, objective)),
      };
    },
  };
}

/** The first of equals stays. */
function takeLead(leaders: Leaders, report: BacktestReport): void {
  for (const objective of ["sharpe", "total"] as const) {
    const leader = leaders[objective];
    const score = scoreOf(trialScoreOf(report), objective);
    if (leader === null || scoreOf(trialScoreOf(leader), objective) < score) {
      leaders[objective] = report;
    }
  }
}

function figuresOf(report: BacktestReport): Figures {
  const { returns, risk, trades, limits, resultHash } = report;
  return {
    total: returns.total,
    sharpe: risk.sharpe,
    drawdownMax: risk.drawdownMax,
    trades: trades.count,
    winRate: trades.winRate,
    profitFactor: trades.profitFactor,
    latched: lossText(limits),
    resultHash,
  };
}

export function ownOf(set: Parameters, axes: readonly GridAxis[]): Parameters {
  return Object.fromEntries(axes.map(({ name }) => [name, set[name]!]));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
