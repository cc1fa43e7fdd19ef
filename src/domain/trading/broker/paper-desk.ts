/**
 * A trader with a paper broker: steps a market event, then whatever the broker says to it, until
 * both are quiet. The backtester runs it alone; the live shell hands in what appends to its journal.
 */
import type { TraderCommand } from "../commands.ts";
import type { BrokerEvent, BrokerReport, TraderEvent } from "../events.ts";
import type { Trader } from "../state.ts";
import { stepTrader } from "../trader.ts";
import { stepPaperBroker, type PaperBroker } from "./paper-broker.ts";

export type PaperDesk = {
  readonly trader: Trader;
  readonly broker: PaperBroker;
  /** Told of each broker event before it is stepped: the place to append it to a journal. */
  readonly beforeReport: (event: BrokerEvent) => void;
  /** Told of the commands of each step that had any. */
  readonly onCommands: (event: TraderEvent, commands: readonly TraderCommand[]) => void;
};

/** The event's index is the trader's next one; broker events take the indexes after it, at its `nowMs`. */
export function stepDesk(desk: PaperDesk, event: TraderEvent): void {
  const { trader, broker } = desk;
  const commands = stepTrader(trader, event);
  if (commands.length === 0 && broker.pending.length === 0) return;
  if (commands.length > 0) desk.onCommands(event, commands);
  const { decision } = trader.data;
  const isFresh = decision.index === event.index && decision.class === "fresh";
  // Reports of a round are stepped before the orders of that round reach the broker.
  let reports = stepPaperBroker(broker, { event, commands, isFresh });
  while (reports.length > 0) reports = stepReports(desk, reports, event.nowMs);
}

function stepReports(
  desk: PaperDesk,
  reports: readonly BrokerReport[],
  nowMs: number,
): readonly BrokerReport[] {
  const answers: BrokerReport[] = [];
  for (const report of reports) {
    const event: BrokerEvent = { ...report, index: desk.trader.nextIndex, nowMs };
    desk.beforeReport(event);
    const commands = stepTrader(desk.trader, event);
    if (commands.length === 0) continue;
    desk.onCommands(event, commands);
    answers.push(...stepPaperBroker(desk.broker, { event, commands, isFresh: false }));
  }
  return answers;
}
