/** The one record that each book makes for each seq: how the scan was classified and what was decided. */

export type ScanClass =
  /** In order, within its age budget, not replayed: marks, exits, entries, fills. */
  | "fresh"
  /**
   * Replayed, repaired or too old: updates windows, marks and counts. If it came live, exits are evaluated and
   * filled; nothing else is decided or filled.
   */
  | "stale"
  /** Behind a newer scan: only counted. */
  | "late"
  /** Never found. */
  | "gap";

export const REFUSAL_REASONS = [
  "halted",
  "bankrupt",
  "latched",
  "posture_hibernate",
  "posture_unknown",
  "posture_old",
  "posture_stops_entries",
  "input_old",
  "order_unknown",
  "order_working",
  "position_open",
  "asset_without_price",
  "equity_unknown",
  "price_collar",
  "configuration_unapproved",
  "below_minimum",
  "insufficient_margin",
  "limit_notional",
  "limit_order_rate",
  "limit_positions",
  "limit_daily_loss",
  "limit_drawdown",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export type DecisionOutcome =
  | "entered"
  | "exited"
  /** In a position, with no reason to exit. */
  | "held"
  /** An order is pending, so nothing else is decided. */
  | "waiting"
  | "no_signal"
  /** Windows are not full yet. */
  | "warming"
  /** A signal that a gate or a limit stopped; the reason says which. */
  | "refused"
  | "stale"
  | "ignored_late"
  | "lost";

export type ScanDecision = {
  readonly seq: number;
  readonly class: ScanClass;
  readonly outcome: DecisionOutcome;
  /** The reason of a refusal, else null. */
  readonly refusal: RefusalReason | null;
  /** The input or limit, where the refusal has one; else empty. */
  readonly subject: string;
  /** The strategy's signal where it gave one, else 0. */
  readonly signal: number;
};
