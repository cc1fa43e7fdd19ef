/** All settings of a trader before its first event; part of a run's description. */
import type { Instrument } from "./market/instrument.ts";
import type { Margin } from "./margin/margin-terms.ts";
import type { Posture } from "./posture.ts";
import type { Parameters, StrategyChoice } from "./strategy.ts";

/**
 * A loss limit that is reached latches: no entries until an operator resumes. The other limits refuse the entry that
 * would exceed them.
 */
export type RiskLimits = {
  /**
   * The largest single position, in quote currency, while the equity equals the capital: it scales with the equity.
   */
  readonly positionNotionalMax: number;
  /** The largest total of all positions and pending entries. */
  readonly grossNotionalMax: number;
  readonly positionsMax: number;
  /** Entries only; exits are never refused. */
  readonly entriesPerMinuteMax: number;
  /** Share of the equity at the day's start or at the last resume. */
  readonly dailyLossMax: number;
  /** Share of the peak equity since the start or the last resume. */
  readonly drawdownMax: number;
  /** Largest deviation of an entry's price from the last marks, as a share of them. Absent: not checked. */
  readonly priceCollar?: number;
};

/** When a position is given up because its asset has disappeared from the scans. */
export type Delisting = {
  /** Counted by scans without the asset, so that an outage of the feed does not count. */
  readonly afterMs: number;
  /** Share of its last mark at which a long position is written off. A short one loses the same share. */
  readonly share: number;
};

export type TraderConfiguration = {
  /** BLUE or GREEN; part of every client order id. */
  readonly book: string;
  readonly capital: number;
  readonly strategy: StrategyChoice;
  readonly parameters: Parameters;
  /** Expected cost of a fill: sizes are computed at the expected price. */
  readonly slippageBps: number;
  readonly instruments: Readonly<Record<string, Instrument>>;
  readonly limits: RiskLimits;
  /** Largest age of an input for an entry. A declared input without a budget is an error at start. */
  readonly ageBudgetsMs: Readonly<Record<string, number>>;
  /** A fixed posture that never ages and needs no watchdog, for backtests; null: the published one is used. */
  readonly configuredPosture: Posture | null;
  /** Absent: nothing is written off, as before there were write-offs. */
  readonly delisting?: Delisting;
  /** Absent: nothing is liquidated and borrowing costs nothing, as before there was margin. */
  readonly margin?: Margin;
  /**
   * Largest common clock offset of scans that is subtracted from their age. Absent: it is not measured, and exits are
   * evaluated at fresh scans only.
   */
  readonly scanOffsetMaxMs?: number;
  /** Hashes of configurations; entries need the approved one. Absent: no approval is needed, as on paper. */
  readonly approval?: { readonly running: string; readonly approved: string };
};

export const DEFAULT_DELISTING: Delisting = { afterMs: 86_400_000, share: 1 };

export const DEFAULT_AGE_BUDGETS_MS = { scan: 30_000, posture: 30_000 } as const;

export const DEFAULT_CAPITAL = 100_000;

/** The default limits borrow nothing: the book holds at most its initial cash. */
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

/** Limits that nothing reaches: for research and benchmarks. */
export const WIDE_LIMITS: RiskLimits = {
  positionNotionalMax: 1e15,
  grossNotionalMax: 1e15,
  positionsMax: 64,
  entriesPerMinuteMax: 1e9,
  dailyLossMax: 1e9,
  drawdownMax: 1e9,
};
