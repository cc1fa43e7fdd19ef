/** Whether the strategy allows another position beside those open and pending. */
import type { Trader } from "../state.ts";

export function hasRoom(trader: Trader): boolean {
  const { data, strategy } = trader;
  if (data.positions.length === 0 && data.working.length === 0) return true;
  return openOrOnTheWay(trader) < strategy.positionsMax;
}

export function openOrOnTheWay(trader: Trader): number {
  const { positions, working } = trader.data;
  let count = positions.length;
  for (const { order } of working) {
    // The rest of a partly filled entry belongs to a position that is counted already.
    const isNew = order.purpose === "entry" && !positions.some(({ id }) => id === order.positionId);
    if (isNew) count += 1;
  }
  return count;
}
