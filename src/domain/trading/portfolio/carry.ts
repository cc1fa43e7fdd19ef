/**
 * The cost or income of holding a position: interest on what is borrowed, each full hour of UTC and at each fill, and
 * funding, which longs pay to shorts (negative: receive from them). Invariant: interest is part of the fees and
 * funding of the realized profit, so cash is capital plus realized minus fees, and a trade's pnl includes both.
 */
import { MS_PER_DAY, MS_PER_HOUR } from "../../time.ts";
import { applyCash } from "./worth.ts";
import type { FeatureEvent } from "../events.ts";
import { emitNote, type Position, type Trader } from "../state.ts";
import { termsOf } from "../margin/margin-terms.ts";

const MS_PER_YEAR = 365 * MS_PER_DAY;
/** A feature with this prefix is the rate settled at its `asOfMs`, applied once per settlement. */
export const FUNDING_PREFIX = "funding_";

/** One settlement of an asset: what longs pay to shorts, as a share of the notional. */
export type FundingRate = { readonly asset: string; readonly atMs: number; readonly rate: number };

/** Called at every scan, before the marks are updated. */
export function chargeHours(trader: Trader): void {
  const { data, configuration } = trader;
  const { margin } = configuration;
  if (margin === undefined) return;
  const hourMs = Math.floor(data.nowMs / MS_PER_HOUR) * MS_PER_HOUR;
  for (let at = 0; at < data.positions.length; at += 1) {
    const position = data.positions[at]!;
    if (hourMs <= (position.borrowPaidToMs ?? position.openedAtMs)) continue;
    const cost = chargeBorrow(trader, position, hourMs);
    if (cost === 0) continue;
    emitNote(trader, "borrow_charged", {
      subject: position.asset,
      detail: `${position.id}: interest of ${cost}, ${position.borrowCost ?? 0} so far`,
    });
  }
}

/** Charges interest up to a time, at the last mark; returns the amount. */
export function chargeBorrow(trader: Trader, position: Position, toMs: number): number {
  const { margin } = trader.configuration;
  if (margin === undefined) return 0;
  const { borrowRate } = termsOf(margin, position.asset);
  const fromMs = position.borrowPaidToMs ?? position.openedAtMs;
  if (toMs <= fromMs) return 0;
  // Advances even where borrowing is free: a rate configured later must not apply to the time before.
  position.borrowPaidToMs = toMs;
  if (borrowRate === 0) return 0;
  const cost = (borrowRate * borrowedBy(trader, position) * (toMs - fromMs)) / MS_PER_YEAR;
  if (cost === 0) return 0;
  const { account, day } = trader.data;
  position.borrowCost = (position.borrowCost ?? 0) + cost;
  position.fees += cost;
  account.fees += cost;
  day.fees += cost;
  applyCash(trader, -cost);
  return cost;
}

/** A short borrows its asset. Longs borrow what the cash does not cover, each a proportional part. */
function borrowedBy({ data }: Trader, position: Position): number {
  if (position.sign === -1) return position.quantity * position.mark;
  let bought = 0;
  for (const { sign, quantity, entryPrice } of data.positions) {
    if (sign === 1) bought += quantity * entryPrice;
  }
  if (!(data.account.cash < bought)) return 0;
  const share = (position.quantity * position.entryPrice) / bought;
  return (bought - Math.max(0, data.account.cash)) * share;
}

/** Charged to the holder at the settlement; a rate with a time in the future does not apply yet. */
export function settleFunding(trader: Trader, { name, value, asOfMs }: FeatureEvent): void {
  const { data, configuration } = trader;
  if (configuration.margin === undefined || !name.startsWith(FUNDING_PREFIX)) return;
  if (!Number.isFinite(value) || data.nowMs < asOfMs) return;
  const asset = name.slice(FUNDING_PREFIX.length);
  for (const position of data.positions) {
    const paidToMs = position.fundingPaidToMs ?? position.openedAtMs;
    if (position.asset !== asset || asOfMs <= paidToMs) continue;
    const { quantity, mark, sign } = position;
    const payment = -sign * quantity * mark * value;
    position.fundingPaidToMs = asOfMs;
    position.funding = (position.funding ?? 0) + payment;
    position.realized += payment;
    data.account.realized += payment;
    data.day.realized += payment;
    applyCash(trader, payment);
    emitNote(trader, "funding_settled", {
      subject: asset,
      detail: `${position.id}: ${payment} at a rate of ${value}, ${position.funding} so far`,
    });
  }
}
