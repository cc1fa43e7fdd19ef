/**
 * A trader and the desk of its orders: steps a market event, then whatever the desk says to it, until
 * both are quiet. The backtester runs it alone; the live shell hands in what appends to its journal.
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

/** The event's index is the trader's next one; broker events take the indexes after it, at its `nowMs`. */
export function stepDesk(at: TraderAtDesk, event: TraderEvent): void {
  answerStep(at, event, stepTrader(at.trader, event));
}

/** What the desk says to a step that was made. */
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

/** And what the desk says to what comes of them: reports of a round are stepped before those of the next. */
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
