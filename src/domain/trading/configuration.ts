/** Everything that shapes a trader before its first event; part of what describes a run. */
import type { Posture } from "./posture.ts";
import type { Parameters, StrategyChoice } from "./strategy.ts";

/** Rounding and smallest size on the market; an asset without an instrument is not rounded. */
export type Instrument = {
  readonly quoteCurrency: string;
  /** Smallest step of a price. */
  readonly tick: number;
  /** Smallest step of a quantity. */
  readonly lot: number;
  readonly minimumNotional: number;
};

/** Each one that is hit latches: no entries until an operator resumes. */
export type RiskLimits = {
  /** Of one position, in quote currency. */
  readonly positionNotionalMax: number;
  /** Of all positions and entries on their way together. */
  readonly grossNotionalMax: number;
  readonly positionsMax: number;
  /** Entries; exits are never refused. */
  readonly entriesPerMinuteMax: number;
  /** Share of the equity at the day's start or at the last resume. */
  readonly dailyLossMax: number;
  /** Share of the peak equity since the start or the last resume. */
  readonly drawdownMax: number;
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
};

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

/** Limits that nothing reaches, for a benchmark whose right answer knows none. */
export const WIDE_LIMITS: RiskLimits = {
  positionNotionalMax: 1e15,
  grossNotionalMax: 1e15,
  positionsMax: 64,
  entriesPerMinuteMax: 1e9,
  dailyLossMax: 1e9,
  drawdownMax: 1e9,
};
