/** The limits by their names: below the state, which keeps those that latched. */
export type LossLimit = "limit_daily_loss" | "limit_drawdown";
export type EntryLimit = "limit_notional" | "limit_order_rate" | "limit_positions";
/** Older releases latched every limit, so a snapshot of theirs may hold any. */
export type LimitName = LossLimit | EntryLimit;
