/** Everything that shapes a trader before its first event; part of what describes a run. */
import type { Instrument } from "./market/instrument.ts";
import type { Margin } from "./margin/margin-terms.ts";
import type { Posture } from "./posture.ts";
import type { Parameters, StrategyChoice } from "./strategy.ts";

/** A loss that is hit latches: no entries until an operator resumes. The others refuse the entry that would break them. */
export type RiskLimits = {
  /** The largest one position, in quote currency, while the equity is the capital: it grows and falls with the equity. */
  readonly positionNotionalMax: number;
  /** The most that all positions and entries on their way may have together. */
  readonly grossNotionalMax: number;
  readonly positionsMax: number;
  /** Entries; exits are never refused. */
  readonly entriesPerMinuteMax: number;
  /** Share of the equity at the day's start or at the last resume. */
  readonly dailyLossMax: number;
  /** Share of the peak equity since the start or the last resume. */
  readonly drawdownMax: number;
  /** How far a price may be off the last marks, as a share of them. Left out: it is not judged. */
  readonly priceCollar?: number;
};

/** When a position is given up whose asset no scan has a price of any more. */
export type Delisting = {
  /** Counted by the scans that came without the asset, so that no outage of the feed counts. */
  readonly afterMs: number;
  /** The share of the last mark that a long position is written off at. A short one pays as much more than it. */
  readonly share: number;
};

export type TraderConfiguration = {
  /** BLUE or GREEN; part of every client order id. */
  readonly book: string;
  readonly capital: number;
  readonly strategy: StrategyChoice;
  readonly parameters: Parameters;
  /** What a fill is expected to cost: sizes are computed at the expected price. */
  readonly slippageBps: number;
  readonly instruments: Readonly<Record<string, Instrument>>;
  readonly limits: RiskLimits;
  /** How old an input may be for an entry. A declared input without a budget is a mistake that stops the start. */
  readonly ageBudgetsMs: Readonly<Record<string, number>>;
  /** A posture that needs no watchdog and never ages, for backtests; null to wait for the published one. */
  readonly configuredPosture: Posture | null;
  /** Left out: nothing is ever written off, as before there were write-offs. */
  readonly delisting?: Delisting;
  /** Left out: nothing is liquidated and no borrowing costs anything, as before there was margin. */
  readonly margin?: Margin;
  /**
   * How far scans may be off alike for it to be taken off their age. Left out: it is not measured, and
   * exits are judged at fresh scans only.
   */
  readonly scanOffsetMaxMs?: number;
  /** Hashes of configurations; without the approved one nothing is entered. Left out: on paper none is asked for. */
  readonly approval?: { readonly running: string; readonly approved: string };
};

export const DEFAULT_DELISTING: Delisting = { afterMs: 86_400_000, share: 1 };

export const DEFAULT_AGE_BUDGETS_MS = { scan: 30_000, posture: 30_000 } as const;

export const DEFAULT_CAPITAL = 100_000;

/** Where nobody says otherwise nothing is borrowed: as much is held as there was cash. */
export function limitsFor(capital: number): RiskLimits {
  return {
    positionNotionalMax: capital,
    grossNotionalMax: capital,
    positionsMax: 1,
    entriesPerMinuteMax: 10,
    dailyLossMax: 0.05,
    drawdownMax: 0.2,
  };
}

export const DEFAULT_LIMITS = limitsFor(DEFAULT_CAPITAL);

/** Limits that nothing reaches: research looks at the strategy, a benchmark at the machine. */
export const WIDE_LIMITS: RiskLimits = {
  positionNotionalMax: 1e15,
  grossNotionalMax: 1e15,
  positionsMax: 64,
  entriesPerMinuteMax: 1e9,
  dailyLossMax: 1e9,
  drawdownMax: 1e9,
};
