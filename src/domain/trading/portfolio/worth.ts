/** The value of the book: its cash, and its positions at their marks. */
import { measureLosses } from "../risk/limits.ts";
import { type Trader, unrealizedOf } from "../state.ts";

/** Called after every change of cash, quantity or mark. */
export function valueAccount(trader: Trader): void {
  const { account, day, positions } = trader.data;
  account.equity = account.cash + unrealizedOf(positions);
  if (day.peakEquity < account.equity) day.peakEquity = account.equity;
  const fall = (day.peakEquity - account.equity) / day.peakEquity;
  if (day.maxDrawdown < fall) day.maxDrawdown = fall;
  measureLosses(trader);
}

/** A payment that is not a fill's; negative: it is paid. */
export function applyCash(trader: Trader, amount: number): void {
  trader.data.account.cash += amount;
  valueAccount(trader);
}
