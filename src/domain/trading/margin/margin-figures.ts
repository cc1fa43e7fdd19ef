/** The margin that a book's positions require, and the prices at which they would be liquidated. */
import { type Position, type Trader, unrealizedOf } from "../state.ts";
import { type Margin, termsOf } from "./margin-terms.ts";

/** At the last marks. */
export function maintenanceOf(margin: Margin, positions: readonly Position[]): number {
  let sum = 0;
  for (let at = 0; at < positions.length; at += 1) {
    const { asset, quantity, mark } = positions[at]!;
    sum += quantity * mark * termsOf(margin, asset).maintenanceRate;
  }
  return sum;
}

/** The margin of an isolated position: what it was opened with, and the cost or income of holding it. */
export function isolatedMargin(margin: Margin, position: Position): number {
  const { asset, quantity, entryPrice, funding = 0, borrowCost = 0 } = position;
  return (quantity * entryPrice) / termsOf(margin, asset).leverage + funding - borrowCost;
}

/** The margin with its gain or loss at the mark. */
export function isolatedBalance(margin: Margin, position: Position): number {
  return isolatedMargin(margin, position) + unrealizedOf([position]);
}

/** Maintenance margin divided by the equity that backs it: liquidated at 1. Null while nothing is held. */
export function marginRatioOf({ configuration: { margin }, data }: Trader): number | null {
  const { positions, account } = data;
  if (margin === undefined || positions.length === 0) return null;
  if (margin.mode === "cross") return ratioOf(maintenanceOf(margin, positions), account.equity);
  return Math.max(
    ...positions.map((one) => ratioOf(maintenanceOf(margin, [one]), isolatedBalance(margin, one))),
  );
}

function ratioOf(maintenance: number, balance: number): number {
  return balance > 0 ? maintenance / balance : Infinity;
}

/** With the other positions' marks unchanged; null where no price liquidates it, or no margin is required. */
export function liquidationPriceOf(
  { configuration: { margin }, data }: Trader,
  position: Position,
): number | null {
  if (margin === undefined || position.quantity === 0) return null;
  const { quantity, entryPrice, sign, asset } = position;
  const { maintenanceRate } = termsOf(margin, asset);
  const others = data.positions.filter((other) => other !== position);
  const balance =
    margin.mode === "isolated"
      ? isolatedMargin(margin, position)
      : data.account.cash + unrealizedOf(others) - maintenanceOf(margin, others);
  // The price at which balance + (price - entry) x quantity x sign equals the maintenance margin.
  const price = (sign * quantity * entryPrice - balance) / (quantity * (sign - maintenanceRate));
  return price > 0 ? price : null;
}
