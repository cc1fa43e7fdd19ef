/**
 * The effects of a step besides its orders: trades written to their file, days and states published, log lines. Done
 * after the decision, in the order of the events.
 */
import type { TradeFile } from "../../adapters/event-log/trade-file.ts";
import type { DayEntry, TraderNote, TraderCommand } from "../../domain/trading/commands.ts";
import type { BookedCommands } from "./event-sequencer.ts";

export type CommandEffectsDeps = {
  readonly trades: Pick<TradeFile, "add">;
  readonly dayEnded: (entry: DayEntry) => void;
  readonly log: (level: "info" | "warn", line: string) => void;
  readonly onTradesWritten: () => void;
  readonly onFailure: (error: unknown) => void;
};

export class CommandEffects {
  #waiting: BookedCommands[] = [];
  readonly #deps: CommandEffectsDeps;

  constructor(deps: CommandEffectsDeps) {
    this.#deps = deps;
  }

  add(booked: BookedCommands): void {
    this.#waiting.push(booked);
    if (this.#waiting.length === 1) setImmediate(() => this.#flushOrFail());
  }

  /** Notes of events from `index` on that were not flushed yet. */
  notesFrom(index: number): readonly TraderNote[] {
    return this.#waiting
      .filter((booked) => index <= booked.index)
      .flatMap(({ commands }) =>
        commands.flatMap((one) => (one.kind === "note" ? [one.note] : [])),
      );
  }

  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { index, commands } of waiting) {
      for (const command of commands) this.#take(index, command);
    }
  }

  #flushOrFail(): void {
    try {
      this.flush();
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }

  #take(index: number, command: TraderCommand): void {
    const { trades, dayEnded, log, onTradesWritten } = this.#deps;
    switch (command.kind) {
      case "submit_order": {
        const { clientOrderId, side, quantity, asset, reason, purpose } = command.order;
        log("info", `${purpose} ${clientOrderId}: ${side} ${quantity} ${asset} (${reason})`);
        return;
      }
      case "cancel_order":
        log("info", `cancel ${command.clientOrderId}`);
        return;
      case "book_fill": {
        const { clientOrderId, fill, cashAfter } = command.entry;
        log(
          "info",
          `filled ${clientOrderId}: ${fill.quantity} at ${fill.price}, cash ${cashAfter}`,
        );
        return;
      }
      case "book_trade":
        trades.add({ index, trade: command.trade });
        onTradesWritten();
        log(
          "info",
          `trade ${command.trade.positionId}: ${command.trade.pnl} (${command.trade.exitReason})`,
        );
        return;
      case "book_day":
        dayEnded(command.entry);
        return;
      case "note": {
        const { severity, code, detail } = command.note;
        log(severity === "alert" ? "warn" : "info", `${code}: ${detail}`);
      }
    }
  }
}
