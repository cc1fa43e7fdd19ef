/** Takes orders back: entries, and exits of what is closed without them. */
import { emit, type Trader } from "../state.ts";

/** Takes back the entries of one position, or all with null. It asks once: the desk's answer decides. */
export function cancelEntries(trader: Trader, positionId: string | null): void {
  for (const working of trader.data.working) {
    const { order } = working;
    if (order.purpose !== "entry" || working.isCancelling) continue;
    if (positionId !== null && order.positionId !== positionId) continue;
    working.isCancelling = true;
    emit(trader, { kind: "cancel_order", clientOrderId: order.clientOrderId });
  }
}

/** Takes back all orders of a position that is closed in the book: nothing may be traded for it any more. */
export function cancelOrdersOf(trader: Trader, positionId: string): void {
  for (const working of trader.data.working) {
    const { order } = working;
    if (order.positionId !== positionId || working.isCancelling) continue;
    working.isCancelling = true;
    emit(trader, { kind: "cancel_order", clientOrderId: order.clientOrderId });
  }
}
