/** Places orders: an order's id is derived from its decision, and the book keeps the order until it ends. */
import { agesNow, postureNow } from "../market/input-ages.ts";
import type { EntryVerdict, EntryWish } from "../risk/entry-gate.ts";
import { noteEntryTime } from "../risk/limits.ts";
import type { ExitReason, Order } from "../orders.ts";
import { emit, type Position, type Trader } from "../state.ts";
import { cancelEntries } from "../cancel-orders.ts";

type Allowed = Extract<EntryVerdict, { readonly kind: "allowed" }>;

export function placeEntry(trader: Trader, wish: EntryWish, allowed: Allowed): Order {
  const { data } = trader;
  const clientOrderId = nextOrderId(trader);
  const order: Order = {
    clientOrderId,
    asset: wish.asset,
    side: wish.direction === "long" ? "buy" : "sell",
    quantity: allowed.quantity,
    purpose: "entry",
    positionId: clientOrderId,
    decidedSeq: data.scans.lastSeq,
    decidedAtMs: data.nowMs,
    referencePrice: allowed.price,
    reason: "signal",
    ages: agesNow(trader, wish.asset),
    ...roundingOf(trader, wish.asset),
  };
  data.working.push({
    order,
    direction: wish.direction,
    plan: wish.plan,
    signal: wish.strength,
    posture: allowed.posture,
    status: "submitted",
    fillCount: 0,
    filled: 0,
    isCancelling: false,
  });
  noteEntryTime(trader);
  emit(trader, { kind: "submit_order", order });
  return order;
}

/** Also cancels the rest of the entry: a position must not grow during its exit. */
export function placeExit(trader: Trader, position: Position, reason: ExitReason): void {
  const { data } = trader;
  cancelEntries(trader, position.id);
  position.exitWanted = reason;
  const order: Order = {
    clientOrderId: nextOrderId(trader),
    asset: position.asset,
    side: position.direction === "long" ? "sell" : "buy",
    quantity: position.quantity,
    purpose: "exit",
    positionId: position.id,
    decidedSeq: data.scans.lastSeq,
    decidedAtMs: data.nowMs,
    referencePrice: position.mark,
    reason,
    ages: agesNow(trader, position.asset),
    ...roundingOf(trader, position.asset),
  };
  position.exitOrderId = order.clientOrderId;
  const posture = postureNow(trader);
  data.working.push({
    order,
    direction: position.direction,
    plan: position.plan,
    signal: position.signal,
    posture: posture === "UNKNOWN" ? position.posture : posture,
    status: "submitted",
    fillCount: 0,
    filled: 0,
    isCancelling: false,
  });
  emit(trader, { kind: "submit_order", order });
}

function roundingOf({ configuration }: Trader, asset: string): Pick<Order, "instrument"> {
  const instrument = configuration.instruments[asset];
  return instrument === undefined ? {} : { instrument };
}

/** A scan makes one decision for its seq; any other order is identified by its index in the log. */
export function nextOrderId(trader: Trader): string {
  const { data, configuration, nextIndex } = trader;
  data.orderOrdinal += 1;
  const index = nextIndex - 1;
  const place = data.decision.index === index ? `s${data.decision.seq}` : `e${index}`;
  return `${configuration.book}-${place}-${data.orderOrdinal}`;
}
