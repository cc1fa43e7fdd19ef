/** Applies a broker's report to the book. A report about a finished order is noted, never applied. */
import { bookFill } from "../portfolio/account.ts";
import type { BrokerReport } from "../events.ts";
import type { Fill } from "../orders.ts";
import { emitNote, type Trader, type WorkingOrder } from "../state.ts";

/** Quantities are sums of doubles; a smaller rest of an order is a rounding error. */
const EXCESS_SHARE_MAX = 1e-9;

export function stepReport(trader: Trader, report: BrokerReport): void {
  const { clientOrderId } = report;
  const working = trader.data.working.find(({ order }) => order.clientOrderId === clientOrderId);
  if (working === undefined) {
    emitNote(trader, "order_unfamiliar", {
      severity: report.kind === "order_filled" ? "alert" : "info",
      subject: clientOrderId,
      detail: `${report.kind} for an order that is not working here: compare with the broker`,
    });
    return;
  }
  switch (report.kind) {
    case "order_accepted":
      working.status = "accepted";
      return;
    case "order_partly_filled":
      working.status = "accepted";
      applyFill(trader, working, report.fill);
      return;
    case "order_filled":
      applyFill(trader, working, report.fill);
      endOrder(trader, working);
      return;
    case "order_rejected":
    case "order_cancelled":
      endOrder(trader, working);
      emitNote(trader, report.kind, { subject: clientOrderId, detail: report.reason });
      return;
    case "order_unknown":
      working.status = "unknown";
      emitNote(trader, "order_unknown", {
        severity: "alert",
        subject: clientOrderId,
        detail: `${report.reason}: no entries until the broker says what became of it`,
      });
      return;
  }
}

function applyFill(trader: Trader, working: WorkingOrder, fill: Fill): void {
  const { order } = working;
  if (fill.number <= working.fillCount) {
    emitNote(trader, "fill_repeated", {
      subject: order.clientOrderId,
      detail: `fill ${fill.number} was booked before`,
    });
    return;
  }
  const open = openQuantity(trader, working);
  const excess = fill.quantity - open;
  if (open > 0 && excess <= order.quantity * EXCESS_SHARE_MAX) {
    bookFill(trader, working, excess > 0 ? { ...fill, quantity: open } : fill);
    return;
  }
  emitNote(trader, "fill_excess", {
    severity: "alert",
    subject: order.clientOrderId,
    detail: `filled ${fill.quantity} with ${open} open: the rest is not booked, compare with the broker`,
  });
  if (open > 0) bookFill(trader, working, { ...fill, quantity: open });
}

/** What the order may still fill; for an exit no more than the position holds. */
function openQuantity(trader: Trader, { order, filled }: WorkingOrder): number {
  const rest = order.quantity - filled;
  if (order.purpose === "entry") return rest;
  const position = trader.data.positions.find(({ id }) => id === order.positionId);
  return Math.min(rest, position?.quantity ?? 0);
}

/** An exit order that ended unfilled is placed again at the next fresh scan. */
function endOrder(trader: Trader, working: WorkingOrder): void {
  const { data } = trader;
  data.working = data.working.filter((other) => other !== working);
  for (const position of data.positions) {
    if (position.exitOrderId === working.order.clientOrderId) position.exitOrderId = "";
  }
}
