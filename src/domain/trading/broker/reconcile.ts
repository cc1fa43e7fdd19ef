/** Compares the desk's orders after a restart with the orders that the folded log leaves working. */
import type { TraderCommand } from "../commands.ts";
import type { BrokerReport } from "../events.ts";
import type { Fill } from "../orders.ts";
import type { WorkingOrder } from "../state.ts";
import type { Reconciliation } from "./desk.ts";

/** One order as the desk reports it; fills in order, numbered from 1. */
export type BrokerOrder = {
  readonly clientOrderId: string;
  readonly brokerOrderId: string;
  readonly status: "working" | "filled" | "rejected" | "cancelled";
  readonly reason: string;
  readonly fills: readonly Fill[];
};

/**
 * The reports that the log lacks, in an order in which they can be stepped. An order without an answer that the desk
 * does not have never arrived; one that was accepted and is gone is as unexplained as one that the desk holds open
 * and the log does not know.
 */
export function reconcile(
  working: readonly WorkingOrder[],
  atBroker: readonly BrokerOrder[],
): Reconciliation {
  const byId = new Map(atBroker.map((order) => [order.clientOrderId, order]));
  const ids = new Set(working.map(({ order }) => order.clientOrderId));
  const reports: BrokerReport[] = [];
  const unsent: string[] = [];
  const unexplained: string[] = [];
  for (const order of working) {
    const { clientOrderId } = order.order;
    const found = byId.get(clientOrderId);
    if (found !== undefined) reports.push(...missedReports(order, found));
    else if (order.status === "accepted") unexplained.push(clientOrderId);
    else unsent.push(clientOrderId);
  }
  for (const { clientOrderId, status } of atBroker) {
    if (status === "working" && !ids.has(clientOrderId)) unexplained.push(clientOrderId);
  }
  return { reports, unsent, unexplained };
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
      if (working.status === "accepted") return parts;
      return [{ kind: "order_accepted", clientOrderId, brokerOrderId }, ...parts];
    case "rejected":
      return [...parts, { kind: "order_rejected", clientOrderId, reason }];
    case "filled":
    // Every fill was booked before: only the end of the order is missing.
    case "cancelled":
      return [...parts, { kind: "order_cancelled", clientOrderId, reason }];
  }
}

/**
 * The commands that a restarted book sends to its desk again, under the same ids: orders that never arrived, and
 * cancels whose arrival is unknown. An order that is to be cancelled is not placed first.
 */
export function commandsAgain(
  working: readonly WorkingOrder[],
  unsent: readonly string[],
): readonly TraderCommand[] {
  return working.flatMap(({ order, isCancelling }): readonly TraderCommand[] => {
    const { clientOrderId } = order;
    if (isCancelling) return [{ kind: "cancel_order", clientOrderId }];
    return unsent.includes(clientOrderId) ? [{ kind: "submit_order", order }] : [];
  });
}
