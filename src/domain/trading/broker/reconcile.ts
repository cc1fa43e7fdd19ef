/** What a start finds at the broker, compared with what the folded log leaves working. */
import type { BrokerReport } from "../events.ts";
import type { Fill } from "../orders.ts";
import type { WorkingOrder } from "../state.ts";
import type { Reconciliation } from "./broker.ts";

/** One order as the broker tells it when asked; fills in order, numbered from 1. */
export type BrokerOrder = {
  readonly clientOrderId: string;
  readonly brokerOrderId: string;
  readonly status: "working" | "filled" | "rejected" | "cancelled";
  readonly reason: string;
  readonly fills: readonly Fill[];
};

/**
 * The reports that the log had missed, in an order in which they can be stepped. What the broker holds
 * open and the log does not know is foreign.
 */
export function reconcile(
  working: readonly WorkingOrder[],
  atBroker: readonly BrokerOrder[],
): Reconciliation {
  const byId = new Map(atBroker.map((order) => [order.clientOrderId, order]));
  const ids = new Set(working.map(({ order }) => order.clientOrderId));
  const reports: BrokerReport[] = [];
  const unsent: string[] = [];
  for (const order of working) {
    const found = byId.get(order.order.clientOrderId);
    if (found === undefined) unsent.push(order.order.clientOrderId);
    else reports.push(...missedReports(order, found));
  }
  const foreign = atBroker
    .filter(({ clientOrderId, status }) => status === "working" && !ids.has(clientOrderId))
    .map(({ clientOrderId }) => clientOrderId);
  return { reports, unsent, foreign };
}

function missedReports(working: WorkingOrder, found: BrokerOrder): readonly BrokerReport[] {
  const { clientOrderId, brokerOrderId, status, reason } = found;
  const missed = found.fills.filter(({ number }) => working.fillCount < number);
  const last = status === "filled" ? missed.at(-1) : undefined;
  const parts: BrokerReport[] = missed
    .filter((fill) => fill !== last)
    .map((fill) => ({ kind: "order_partly_filled", clientOrderId, fill }));
  if (last !== undefined) return [...parts, { kind: "order_filled", clientOrderId, fill: last }];
  switch (status) {
    case "working":
      return [{ kind: "order_accepted", clientOrderId, brokerOrderId }, ...parts];
    case "rejected":
      return [...parts, { kind: "order_rejected", clientOrderId, reason }];
    case "filled":
    // Every fill was booked before: what is missing is only that the order is over.
    case "cancelled":
      return [...parts, { kind: "order_cancelled", clientOrderId, reason }];
  }
}
