/**
 * A trader and the desk of its orders: steps a market event, then the desk's reports, until there are no more. The
 * backtester runs it alone; the live shell adds the append to the journal.
 */
import type { TraderCommand } from "../commands.ts";
import type { BrokerEvent, BrokerReport, TraderEvent } from "../events.ts";
import type { Trader } from "../state.ts";
import { stepTrader } from "../trader.ts";
import { type Desk, giveCommands } from "./desk.ts";

export type TraderAtDesk = {
  readonly trader: Trader;
  readonly desk: Desk;
  /** Called with each broker event before it is stepped: the place to append it to a journal. */
  readonly beforeReport: (event: BrokerEvent) => void;
  /** Called with the commands of each step that had any. */
  readonly onCommands: (event: TraderEvent, commands: readonly TraderCommand[]) => void;
};

/** The event's index is the trader's next one; broker events take the following indexes, with its `nowMs`. */
export function stepDesk(at: TraderAtDesk, event: TraderEvent): void {
  answerStep(at, event, stepTrader(at.trader, event));
}

/** Steps the desk's reports on a step that was already made. */
export function answerStep(
  at: TraderAtDesk,
  event: TraderEvent,
  commands: readonly TraderCommand[],
): void {
  const { trader, desk } = at;
  if (commands.length === 0 && desk.isIdle) return;
  if (commands.length > 0) {
    at.onCommands(event, commands);
    giveCommands(desk, commands);
  }
  desk.see(trader, event);
  stepReports(at, desk.takeReports(), event.nowMs);
}

/** Continues with the reports on the resulting commands: those of one round are stepped before those of the next. */
export function stepReports(
  at: TraderAtDesk,
  reports: readonly BrokerReport[],
  nowMs: number,
): void {
  const { trader, desk } = at;
  for (let round = reports; round.length > 0; round = desk.takeReports()) {
    for (const report of round) {
      const event: BrokerEvent = { ...report, index: trader.nextIndex, nowMs };
      at.beforeReport(event);
      const commands = stepTrader(trader, event);
      if (commands.length === 0) continue;
      at.onCommands(event, commands);
      giveCommands(desk, commands);
    }
  }
}
