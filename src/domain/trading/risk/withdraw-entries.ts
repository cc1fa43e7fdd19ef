/**
 * Cancels pending entries that would be refused now. Invariant: a reason that refuses an entry when it is decided
 * applies until it is filled.
 */
import { cancelEntries } from "../cancel-orders.ts";
import { emitNote, type Trader, type WorkingOrder } from "../state.ts";
import { bookInput } from "../market/asset-book.ts";
import { entryBarrier, lacksBook } from "./entry-gate.ts";
import { refusalWords } from "./refusal-words.ts";

/**
 * Called before a desk may fill at an event. Uses the age of the previous scan: the event that ends a silence still
 * belongs to it.
 */
export function withdrawEntries(trader: Trader): void {
  const { data, windows } = trader;
  if (!data.working.some(isUnderWay)) return;
  const barrier = entryBarrier(trader, data.scans.intervalMs);
  if (barrier !== null) {
    noteWithdrawal(trader, refusalWords(barrier.reason, barrier.subject));
    cancelEntries(trader, null);
    return;
  }
  for (const working of data.working) {
    const { asset, positionId } = working.order;
    if (!isUnderWay(working)) continue;
    const isPriced = windows.at(windows.columnOf(asset)) > 0;
    if (isPriced && !lacksBook(trader, asset)) continue;
    const why = isPriced
      ? refusalWords("input_old", bookInput(asset))
      : refusalWords("asset_without_price", asset);
    noteWithdrawal(trader, why);
    cancelEntries(trader, positionId);
  }
}

function isUnderWay({ order, isCancelling }: WorkingOrder): boolean {
  return order.purpose === "entry" && !isCancelling;
}

function noteWithdrawal(trader: Trader, why: string): void {
  emitNote(trader, "entries_withdrawn", {
    subject: "entries",
    detail: `entries on their way are taken back, ${why}`,
  });
}
