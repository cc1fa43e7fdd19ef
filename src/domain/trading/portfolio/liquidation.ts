/**
 * Positions that the venue closes because their margin is used up, in the book alone: no order is sent. The price is
 * the mark, but never worse than the bankruptcy price: a loss beyond the margin is the venue's (its insurance
 * fund's). Invariant: no liquidation leaves the cash below zero.
 */
import { cancelEntries } from "../cancel-orders.ts";
import { applyCash } from "./worth.ts";
import { closeInBook } from "./write-off.ts";
import { emitNote, type Position, type Trader, unrealizedOf } from "../state.ts";
import { chargeBorrow } from "./carry.ts";
import { isolatedBalance, isolatedMargin, maintenanceOf } from "../margin/margin-figures.ts";
import { type Margin, termsOf } from "../margin/margin-terms.ts";

/** As a share of the capital: smaller amounts are rounding errors of sums. */
const NOTHING_SHARE = 1e-9;

/**
 * Called at every scan in order, after the marks were updated: a venue does not depend on our clock. Returns whether
 * any position was liquidated.
 */
export function liquidate(trader: Trader): boolean {
  const { configuration, data } = trader;
  const { margin } = configuration;
  if (margin === undefined) return false;
  const { positions, account } = data;
  if (margin.mode === "cross") {
    if (maintenanceOf(margin, positions) < account.equity) return false;
    closeAll(trader, margin, positions);
  } else {
    const short = positions.filter((position) => isShortOfMargin(margin, position));
    if (short.length === 0) return false;
    for (const position of short) {
      chargeBorrow(trader, position, data.nowMs);
      const balance = Math.min(isolatedMargin(margin, position), account.cash);
      closeOut(trader, position, { margin, balance: Math.max(0, balance) });
    }
  }
  if (account.cash < configuration.capital * NOTHING_SHARE) leaveNothing(trader);
  if (!(account.cash > 0)) noteBankrupt(trader);
  return true;
}

function isShortOfMargin(margin: Margin, position: Position): boolean {
  return isolatedBalance(margin, position) <= maintenanceOf(margin, [position]);
}

/** Rounding errors, or earlier losses that no position can cover: the venue bears these, too. */
function leaveNothing(trader: Trader): void {
  const { account, day } = trader.data;
  const owed = -account.cash;
  account.realized += owed;
  day.realized += owed;
  applyCash(trader, owed);
}

/** Cross margin: everything backs all positions. Where the losses exceed that, each is reduced by the same share. */
function closeAll(trader: Trader, margin: Margin, positions: readonly Position[]): void {
  // Interest first: a fill would take it from the amount computed below.
  for (const position of positions) chargeBorrow(trader, position, trader.data.nowMs);
  const worths = positions.map((position) => unrealizedOf([position]));
  let losses = 0;
  let gains = 0;
  for (const worth of worths) {
    if (worth < 0) losses -= worth;
    else gains += worth;
  }
  const there = Math.max(0, trader.data.account.cash + gains);
  cancelEntries(trader, null);
  for (const [at, position] of positions.entries()) {
    const worth = worths[at]!;
    // A gain covers the losses of others, so nothing of it is left for a fee.
    const balance = worth < 0 ? (there * -worth) / losses : -worth;
    closeOut(trader, position, { margin, balance });
  }
}

type Means = { readonly margin: Margin; readonly balance: number };

/** `balance`: what it may lose, the fee included. */
function closeOut(trader: Trader, position: Position, { margin, balance }: Means): void {
  const { id, asset, quantity, entryPrice, mark, sign, direction } = position;
  const { liquidationFeeRate, maintenanceRate } = termsOf(margin, asset);
  const left = balance + unrealizedOf([position]);
  const price = left < 0 ? entryPrice - (sign * balance) / quantity : mark;
  const fee = Math.min(Math.max(0, left), liquidationFeeRate * quantity * price);
  const pnl = closeInBook(trader, position, { price, reason: "liquidated", fee });
  const record = (trader.data.liquidated ??= { count: 0, lastAsset: "", lastAtMs: 0, lastPnl: 0 });
  record.count += 1;
  record.lastAsset = asset;
  record.lastAtMs = trader.data.nowMs;
  record.lastPnl = pnl;
  const gap = left < 0 ? `; the mark was beyond the bankruptcy price, ${-left} is the venue's` : "";
  emitNote(trader, "liquidated", {
    severity: "alert",
    subject: asset,
    detail:
      `${id}, ${direction} ${quantity} ${asset}, is liquidated at ${price}: at the mark ${mark} its ` +
      `margin was below ${maintenanceRate * 100} % of its notional; pnl ${pnl}${gap}`,
  });
}

function noteBankrupt(trader: Trader): void {
  emitNote(trader, "bankrupt", {
    severity: "alert",
    subject: trader.configuration.book,
    detail: "a liquidation left nothing: the book is over, and enters nothing any more",
  });
}
