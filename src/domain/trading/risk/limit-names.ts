/**
 * The names of the limits. A module of its own, because the state, which stores latched limits, must not import the
 * limits.
 */
export type LossLimit = "limit_daily_loss" | "limit_drawdown";
export type EntryLimit = "limit_notional" | "limit_order_rate" | "limit_positions";
/** Older releases latched every limit, so their snapshots may hold any. */
export type LimitName = LossLimit | EntryLimit;
