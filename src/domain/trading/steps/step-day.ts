/** The change of a UTC day: the day's figures are closed, and daily limits are measured anew; positions stay. */
import { emit, type Trader, unrealizedOf } from "../state.ts";

export function stepDayRolled(trader: Trader, nextDay: string): void {
  const { day, account, positions } = trader.data;
  emit(trader, {
    kind: "book_day",
    entry: {
      day: day.day,
      capitalStart: day.cashStart,
      capitalEnd: account.cash,
      realized: day.realized,
      unrealized: unrealizedOf(positions),
      fees: day.fees,
      trades: day.trades,
      wins: day.wins,
      losses: day.losses,
      maxDrawdown: day.maxDrawdown,
    },
  });
  beginDay(trader, nextDay);
}

/** A latched loss limit stays latched: only an operator releases it. */
export function beginDay(trader: Trader, name: string): void {
  const { day, account, risk } = trader.data;
  day.day = name;
  day.cashStart = account.cash;
  day.realized = 0;
  day.fees = 0;
  day.trades = 0;
  day.wins = 0;
  day.losses = 0;
  day.peakEquity = account.equity;
  day.maxDrawdown = 0;
  risk.dayEquity = account.equity;
}
