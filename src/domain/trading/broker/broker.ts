/**
 * What a broker is to the trader's shell. A live one implements it in an adapter; the paper broker
 * beside this file is pure, and the shell wraps it.
 *
 * The rules that a live implementation keeps:
 * - The client order id is the key. Submitting an id that the broker already has must not trade
 *   again: the shell submits anew after a crash, because it can't know what arrived.
 * - Everything that happens to an order comes through `reports`, in the order in which it happened,
 *   each fill numbered from 1 within its order. The shell appends a report to the journal before it
 *   steps it; a report may be told twice, and the trader books it once.
 * - No answer in time is a report of its own, `order_unknown`: neither success nor failure. The
 *   trader stops entries until a later report says what became of the order.
 * - At start, before the first new event, the shell calls `reconcile` with the orders that the
 *   folded log leaves working, and steps the reports that it returns. What the broker holds and the
 *   log does not know is returned as `foreign`: a person decides, entries stay halted.
 * - A partial fill keeps the rest working until `order_filled` or `order_cancelled` ends it.
 */
import type { BrokerReport } from "../events.ts";
import type { Order } from "../orders.ts";

export type Reconciliation = {
  /** What the log had missed, to be appended and stepped in this order. */
  readonly reports: readonly BrokerReport[];
  /** Working orders that the broker never received: safe to submit again under the same id. */
  readonly unsent: readonly string[];
  /** Orders and positions at the broker that this log does not explain. */
  readonly foreign: readonly string[];
};

/** @public A live broker's adapter implements it. */
export type Broker = {
  /** Resolves when the order is handed over, not when it is filled; rejects only on a bug. */
  readonly submit: (order: Order) => Promise<void>;
  readonly cancel: (clientOrderId: string) => Promise<void>;
  readonly reconcile: (working: readonly Order[]) => Promise<Reconciliation>;
  readonly reports: AsyncIterable<BrokerReport>;
  readonly close: () => Promise<void>;
};
