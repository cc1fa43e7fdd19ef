/** The limits below the strategy. One that is hit latches: no entries until an operator resumes. */

export type LimitName =
  | "limit_notional"
  | "limit_order_rate"
  | "limit_positions"
  | "limit_daily_loss"
  | "limit_drawdown";
