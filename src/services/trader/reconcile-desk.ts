/**
 * After a restart, before the first new event: asks the desk about the orders that the log leaves without an outcome.
 * Missing reports are stepped, and orders that never arrived are placed again under the same client order id.
 * Anything unexplained halts the book for a person to decide.
 */
import type { Desk } from "../../domain/trading/broker/desk.ts";
import { commandsAgain } from "../../domain/trading/broker/reconcile.ts";
import { workingOrdersOf } from "../../domain/trading/trader.ts";
import type { Say } from "../shell/run-service.ts";
import type { EventSequencer } from "./event-sequencer.ts";

export type ReconcileDeps = {
  readonly sequencer: EventSequencer;
  readonly desk: Desk;
  readonly say: Say;
};

/** Rejects where the desk does not answer: without an answer nothing may be sent again. */
export async function reconcileDesk({ sequencer, desk, say }: ReconcileDeps): Promise<void> {
  const { trader } = sequencer;
  const found = await desk.reconcile(workingOrdersOf(trader));
  sequencer.stepReports(found.reports);
  const again = commandsAgain(workingOrdersOf(trader), found.unsent);
  for (const command of again) {
    if (command.kind !== "submit_order") continue;
    say("warn", `order ${command.order.clientOrderId} never reached the desk: it is placed again`);
  }
  sequencer.giveAgain(again);
  if (found.unexplained.length === 0) return;
  const orders = found.unexplained.join(", ");
  say("error", `the log and the desk differ in ${orders}: compare them, then 'dolphin resume'`);
  if (trader.data.risk.isHalted) return;
  const command = { kind: "halt" } as const;
  const commandId = `reconciled-${trader.nextIndex}`;
  const by = `the desk's ${orders}`;
  if (sequencer.take({ kind: "operator", commandId, by, command })) return;
  throw new Error(`the journal did not take the halt that ${orders} calls for`);
}
