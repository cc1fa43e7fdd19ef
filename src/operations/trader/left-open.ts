/** Positions that a book still holds after the command `flatten`, and why. */
import { UNPRICED_REPORTED_AFTER_MS } from "../../domain/trading/portfolio/unpriced-positions.ts";
import type { TraderStatus } from "../../wire/trading/trader-control.ts";

export type LeftOpen = {
  /** The id of a position, or of a pending order. */
  readonly id: string;
  readonly asset: string | null;
  readonly why: string;
};

/** Empty once the book is flat. */
export function leftOpen(status: TraderStatus): readonly LeftOpen[] {
  const { positions, orders_working: orders } = status;
  const stillOpen = positions.map(({ id, asset, no_price_since: since }) => ({
    id,
    asset,
    why: since === null ? whyPriced(status) : noPrice(asset, since),
  }));
  if (stillOpen.length !== 0) return stillOpen;
  return orders.map((id) => ({ id, asset: null, why: `order ${id} is not done yet` }));
}

function noPrice(asset: string, since: string): string {
  return `no price for ${asset} since ${since.slice(0, 19)}Z, so it cannot be closed`;
}

function whyPriced({ orders_working: orders, last_seq: seq }: TraderStatus): string {
  return orders.length === 0
    ? `no fresh scan arrived after seq ${seq} to close it at`
    : "its exit is ordered and not filled yet";
}

/** Whether waiting is pointless: all that is left has had no price for long. */
export function waitsInVain({ positions }: TraderStatus, nowMs: number): boolean {
  return positions.every(
    ({ no_price_since: since }) =>
      since !== null && UNPRICED_REPORTED_AFTER_MS < nowMs - Date.parse(since),
  );
}
