/**
 * The place where a book's orders go, as the book needs it. The paper desk beside this file is pure; a
 * live one is an adapter.
 *
 * The rules that every desk keeps (`test/helpers/trading/desk-contract.ts` holds it to them):
 * - The client order id is the key. Placing an order whose id the desk has already trades nothing
 *   again: the book places it anew after a crash, because it can't know what arrived.
 * - Everything that happens to an order is a report, in the order in which it happened, each fill
 *   numbered from 1 within its order. The book appends a report to its journal before it steps it; a
 *   report may come twice, and the trader books it once.
 * - No answer in time is a report of its own, `order_unknown`: neither success nor failure. The
 *   trader stops entries until a later report says what became of the order.
 * - At a start, before the first new event, the book asks with `reconcile` what became of the orders
 *   that its log leaves working, and steps what the log had missed. Orders that never arrived are
 *   placed again under the same id. What neither side can explain is a person's to decide, and
 *   entries stay halted.
 * - A partial fill keeps the rest working until `order_filled` or `order_cancelled` ends it.
 */
import type { TraderCommand } from "../commands.ts";
import type { BrokerReport, TraderEvent } from "../events.ts";
import type { Order } from "../orders.ts";
import type { Trader, WorkingOrder } from "../state.ts";

export type Reconciliation = {
  /** Reports that the log lacks, to be appended and stepped in this order. */
  readonly reports: readonly BrokerReport[];
  /** Orders that the desk never received: safe to place again under the same id. */
  readonly unsent: readonly string[];
  /** Orders that the desk holds and the log does not know, or the reverse. */
  readonly unexplained: readonly string[];
};

export type Desk = {
  /**
   * Whether its reports follow from the log of events alone. A fold recomputes the reports of such a desk; those of
   * another desk are only in the log.
   */
  readonly isDerived: boolean;
  /** Whether it has nothing to report on an event without orders. */
  readonly isIdle: boolean;
  /** Returns when the order is handed over, not when it is filled. */
  place(order: Order): void;
  cancel(clientOrderId: string): void;
  /** An event that the trader has just stepped, after its commands were passed on: the paper desk fills at it. */
  see(trader: Trader, event: TraderEvent): void;
  /** Reports since the last call; the array is shared when it is empty. */
  takeReports(): readonly BrokerReport[];
  /** `wake` is called when there are reports that no market event led to. */
  onReports(wake: () => void): void;
  /** Called once, after a restart. */
  reconcile(working: readonly WorkingOrder[]): Reconciliation | Promise<Reconciliation>;
};

export function giveCommands(desk: Desk, commands: readonly TraderCommand[]): void {
  for (const command of commands) {
    if (command.kind === "submit_order") desk.place(command.order);
    if (command.kind === "cancel_order") desk.cancel(command.clientOrderId);
  }
}
