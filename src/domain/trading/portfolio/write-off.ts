/**
 * Closes positions that no order can close: their asset has disappeared from the scans, or an operator got a price
 * elsewhere. Both close in the book alone, and leave a fill and a trade like any other. Invariant: only scans without
 * the asset count as silence. Times without scans, and scans without any price, do not count, so an outage of the
 * feed writes nothing off.
 */
import { MS_PER_HOUR } from "../../time.ts";
import type { ExitReason } from "../orders.ts";
import { emitNote, type Position, type Trader } from "../state.ts";
import { applyFill } from "./account.ts";
import { cancelOrdersOf } from "../cancel-orders.ts";
import { nextOrderId } from "./place-orders.ts";

/** Called at each scan in order, after the prices were taken. */
export function countSilence(trader: Trader): void {
  const { data, windows } = trader;
  for (const position of data.positions) {
    if (windows.at(position.column) > 0) {
      if (position.unpricedMs !== undefined) delete position.unpricedMs;
    } else if (windows.hasPrices()) {
      position.unpricedMs = (position.unpricedMs ?? 0) + countedMs(trader);
    }
  }
  if (data.writtenOff !== undefined && data.writtenOff.length > 0) noteReturned(trader);
}

/** The time to the previous scan, capped at slightly more than the usual interval: the rest of a gap is an outage. */
function countedMs({ data }: Trader): number {
  const { intervalMs } = data.scans;
  return Number.isFinite(intervalMs) ? Math.max(0, intervalMs) : 0;
}

/** False while the asset may come back. */
export function writeOffDelisted(trader: Trader, position: Position): boolean {
  const { delisting } = trader.configuration;
  const { unpricedMs = 0, asset, mark, sign } = position;
  if (delisting === undefined || unpricedMs < delisting.afterMs) return false;
  // To the position's disadvantage: a short one would gain if the price fell to a share of itself.
  const price = mark * (sign === 1 ? delisting.share : 2 - delisting.share);
  const pnl = closeInBook(trader, position, { price, reason: "delisted" });
  const others = (trader.data.writtenOff ?? []).filter((other) => other !== asset);
  trader.data.writtenOff = [...others, asset];
  emitNote(trader, "written_off", {
    severity: "alert",
    subject: asset,
    detail:
      `scans came without a price of ${asset} for ${(unpricedMs / MS_PER_HOUR).toFixed(1)} h: ` +
      `${position.id} is written off at ${price}, its last mark was ${mark}; pnl ${pnl}`,
  });
  return true;
}

/** Returns the position's profit or loss after fees. */
export function closeInBook(
  trader: Trader,
  position: Position,
  at: { readonly price: number; readonly reason: ExitReason; readonly fee?: number },
): number {
  cancelOrdersOf(trader, position.id);
  position.exitWanted = at.reason;
  const { quantity, asset, direction } = position;
  applyFill(trader, position, {
    clientOrderId: nextOrderId(trader),
    asset,
    side: direction === "long" ? "sell" : "buy",
    purpose: "exit",
    fill: { number: 1, quantity, price: at.price, fee: at.fee ?? 0 },
  });
  return position.realized - position.fees;
}

/** The write-off is final: a position in the asset can only be opened anew. */
function noteReturned(trader: Trader): void {
  const { data, windows } = trader;
  const back = (data.writtenOff ?? []).filter((asset) => windows.at(windows.columnOf(asset)) > 0);
  if (back.length === 0) return;
  data.writtenOff = (data.writtenOff ?? []).filter((asset) => !back.includes(asset));
  for (const asset of back) {
    emitNote(trader, "asset_returned", {
      severity: "alert",
      subject: asset,
      detail:
        `${asset} has a price again, ${windows.at(windows.columnOf(asset))}, after its position was ` +
        "written off: the write-off stands, compare with the broker",
    });
  }
}
