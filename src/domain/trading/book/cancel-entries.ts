/** Takes orders for entries back; exits are never taken back. */
import { emit, type Trader } from "../state.ts";

/** Of one position, or all with null. Asked once: the broker's answer decides. */
export function cancelEntries(trader: Trader, positionId: string | null): void {
  for (const working of trader.data.working) {
    const { order } = working;
    if (order.purpose !== "entry" || working.isCancelling) continue;
    if (positionId !== null && order.positionId !== positionId) continue;
    working.isCancelling = true;
    emit(trader, { kind: "cancel_order", clientOrderId: order.clientOrderId });
  }
}
