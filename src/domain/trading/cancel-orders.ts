/** Cancels orders: entries, and exits of positions that are closed without them. */
import { emit, type Trader } from "./state.ts";

/** Cancels the entries of one position, or all with null. It asks once: the desk's answer decides. */
export function cancelEntries(trader: Trader, positionId: string | null): void {
  for (const working of trader.data.working) {
    const { order } = working;
    if (order.purpose !== "entry" || working.isCancelling) continue;
    if (positionId !== null && order.positionId !== positionId) continue;
    working.isCancelling = true;
    emit(trader, { kind: "cancel_order", clientOrderId: order.clientOrderId });
  }
}

/** Cancels all orders of a position that was closed in the book: it must not be traded any more. */
export function cancelOrdersOf(trader: Trader, positionId: string): void {
  for (const working of trader.data.working) {
    const { order } = working;
    if (order.positionId !== positionId || working.isCancelling) continue;
    working.isCancelling = true;
    emit(trader, { kind: "cancel_order", clientOrderId: order.clientOrderId });
  }
}
