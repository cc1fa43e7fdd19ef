/** The limits of a book in the form of the configuration and in that of the core. */
import type { RiskLimits } from "../../domain/trading/configuration.ts";
import type { BookSection } from "../configuration.ts";

/** Without a configured notional nothing is borrowed: the book holds at most its initial cash. */
export function riskLimitsOf(limits: BookSection["limits"], capital: number): RiskLimits {
  return {
    positionNotionalMax: limits.position_notional_max ?? capital,
    grossNotionalMax: limits.gross_notional_max ?? capital,
    positionsMax: limits.positions_max,
    entriesPerMinuteMax: limits.entries_per_minute_max,
    dailyLossMax: limits.daily_loss_max,
    drawdownMax: limits.drawdown_max,
    ...(limits.price_collar === undefined ? {} : { priceCollar: limits.price_collar }),
  };
}
