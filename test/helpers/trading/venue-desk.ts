/** A venue that outlives the process that sends it orders, and the desk of a process that is connected to it. */
import type { Desk } from "../../../src/domain/trading/broker/desk.ts";
import { type BrokerOrder, reconcile } from "../../../src/domain/trading/broker/reconcile.ts";
import type { BrokerReport } from "../../../src/domain/trading/events.ts";
import type { Fill, Order } from "../../../src/domain/trading/orders.ts";

type VenueOrder = { order: Order; status: BrokerOrder["status"]; fills: Fill[] };
export type Venue = ReturnType<typeof createVenue>;

export function createVenue() {
  const orders = new Map<string, VenueOrder>();
  let tell: ((report: BrokerReport) => void) | null = null;
  const venue = {
    orders,
    /** Orders that are sent from now on get lost on their way. */
    isUnreachable: false,
    fillAll(share = 1): void {
      for (const one of orders.values()) {
        if (one.status !== "working") continue;
        const { clientOrderId, quantity, referencePrice: price } = one.order;
        const filled = one.fills.reduce((sum, fill) => sum + fill.quantity, 0);
        const part = (quantity - filled) * share;
        const fill: Fill = { number: one.fills.length + 1, quantity: part, price, fee: 0 };
        one.fills.push(fill);
        if (share === 1) one.status = "filled";
        const kind = share === 1 ? "order_filled" : "order_partly_filled";
        tell?.({ kind, clientOrderId, fill });
      }
    },
    connect(): Desk {
      let reports: BrokerReport[] = [];
      let wake: (() => void) | null = null;
      tell = (report) => {
        reports.push(report);
        wake?.();
      };
      return {
        isDerived: false,
        isIdle: true,
        place: (order) => receive(order),
        cancel,
        see() {},
        takeReports() {
          const taken = reports;
          reports = [];
          return taken;
        },
        onReports: (listener) => {
          wake = listener;
        },
        async reconcile(working) {
          return reconcile(working, [...orders.values()].map(asReported));
        },
      };
    },
    disconnect(): void {
      tell = null;
    },
  };
  const receive = (order: Order): void => {
    const { clientOrderId } = order;
    if (venue.isUnreachable || orders.has(clientOrderId)) return;
    orders.set(clientOrderId, { order, status: "working", fills: [] });
    tell?.({ kind: "order_accepted", clientOrderId, brokerOrderId: `venue-${clientOrderId}` });
  };
  const cancel = (clientOrderId: string): void => {
    const found = orders.get(clientOrderId);
    if (found?.status === "working") found.status = "cancelled";
    if (found?.status === "filled") return;
    tell?.({ kind: "order_cancelled", clientOrderId, reason: "as asked" });
  };
  return venue;
}

function asReported({ order, status, fills }: VenueOrder): BrokerOrder {
  const { clientOrderId } = order;
  return { clientOrderId, brokerOrderId: `venue-${clientOrderId}`, status, reason: "", fills };
}
