/**
 * A book after a restart: the newest snapshot and the journal's tail, folded. The paper broker runs
 * along, so that what a kill kept it from saying is said now, at the time of the event that it
 * answers, under the same client order ids.
 */
import type { TradingLog, TradingLogReader } from "../../adapters/trading-journal/trading-log.ts";
import { createPaperBroker, type PaperBroker } from "../../domain/trading/broker/paper-broker.ts";
import { type PaperDesk, stepDesk } from "../../domain/trading/broker/paper-desk.ts";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import type { BrokerEvent, TraderEvent } from "../../domain/trading/events.ts";
import { restoreFrom, type TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import {
  createTrader,
  stepTrader,
  type Trader,
  workingOrdersOf,
} from "../../domain/trading/trader.ts";
import { isBrokerEvent } from "../../domain/trading/replay/step-digest.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import type { BookedCommands, Outcomes } from "./book.ts";

export type RestoreDeps = {
  readonly configuration: BookConfiguration;
  readonly snapshot: TraderSnapshot | null;
  readonly log: Pick<TradingLog, "append">;
  /** Told again, too: what a kill kept from the disk is written now. */
  readonly outcomes: Outcomes;
  /** Reads from this index on; each call begins anew. */
  readonly read: (fromIndex: number) => Pick<TradingLogReader, "poll" | "close">;
  /** Told again what was told before the end; who hears it knows by the index. */
  readonly onCommands: (booked: BookedCommands) => void;
};

export type RestoredBook = {
  readonly trader: Trader;
  readonly broker: PaperBroker;
  /** Events after the snapshot. */
  readonly folded: number;
  /** What the broker had not said yet, and has now: appended behind the journal's end. */
  readonly completed: number;
  /** Where the recorded fills are not those that this code gives; null if they are. */
  readonly difference: string | null;
};

/** @throws {Error} when snapshot or journal are of another strategy or configuration. */
export function restoreBook(deps: RestoreDeps): RestoredBook {
  try {
    return foldWithBroker(deps);
  } catch (error) {
    if (!(error instanceof BrokerDiffers)) throw error;
    return { ...foldRecorded(deps), difference: error.message };
  }
}

class BrokerDiffers extends Error {
  override readonly name = "BrokerDiffers";
}

function begin({ configuration, snapshot }: RestoreDeps) {
  const trader =
    snapshot === null
      ? createTrader(configuration.trader)
      : restoreFrom(configuration.trader, snapshot);
  // A snapshot is taken between two events of the market: the broker has nothing left to say.
  const broker = createPaperBroker(configuration.paper, workingOrdersOf(trader));
  return { trader, broker, from: trader.nextIndex };
}

function foldWithBroker(deps: RestoreDeps): RestoredBook {
  const { log, outcomes, read, onCommands } = deps;
  const { trader, broker, from } = begin(deps);
  const reader = read(from);
  let completed = 0;
  try {
    const events = reader.poll();
    const next = (): TraderEvent | null => events.next().value ?? null;
    const desk: PaperDesk = {
      trader,
      broker,
      beforeReport: (event) => {
        outcomes.tookEvent(event);
        const recorded = next();
        if (recorded !== null) return assertSame(event, recorded);
        log.append(event);
        completed += 1;
      },
      onCommands(event, commands) {
        outcomes.gaveCommands(commands);
        onCommands({ index: event.index, commands });
      },
    };
    for (let event = next(); event !== null; event = next()) {
      if (isBrokerEvent(event)) {
        throw new BrokerDiffers(`event ${event.index} is ${event.kind}, which nothing led to`);
      }
      outcomes.tookEvent(event);
      stepDesk(desk, event);
      outcomes.endStep(trader, event);
    }
  } finally {
    reader.close();
  }
  const folded = trader.nextIndex - from - completed;
  return { trader, broker, folded, completed, difference: null };
}

/** What was recorded counts: the broker goes on with the orders that it leaves working. */
function foldRecorded(deps: RestoreDeps): Omit<RestoredBook, "difference"> {
  const { trader, from } = begin(deps);
  const { outcomes } = deps;
  const reader = deps.read(from);
  let open: TraderEvent | null = null;
  try {
    for (const event of reader.poll()) {
      if (!isBrokerEvent(event)) {
        if (open !== null) outcomes.endStep(trader, open);
        open = event;
      }
      outcomes.tookEvent(event);
      const commands = stepTrader(trader, event);
      outcomes.gaveCommands(commands);
      assertKnown(event, commands);
      if (commands.length > 0) deps.onCommands({ index: event.index, commands });
    }
  } finally {
    reader.close();
  }
  if (open !== null) outcomes.endStep(trader, open);
  const broker = createPaperBroker(deps.configuration.paper, workingOrdersOf(trader));
  return { trader, broker, folded: trader.nextIndex - from, completed: 0 };
}

/** A fill of an order that this code and configuration never made would be lost to the book. */
function assertKnown(event: TraderEvent, commands: readonly TraderCommand[]): void {
  if (event.kind !== "order_filled" && event.kind !== "order_partly_filled") return;
  for (const command of commands) {
    if (command.kind !== "note" || command.note.code !== "order_unfamiliar") continue;
    throw new Error(
      `event ${event.index} of the journal is about ${command.note.subject}, an order that the ` +
        "present program and configuration do not make: start with those that wrote it, stop the " +
        "trader in order, and change them then",
    );
  }
}

function assertSame(told: BrokerEvent, recorded: TraderEvent): void {
  if (sortedText(told) === sortedText(recorded)) return;
  throw new BrokerDiffers(
    `event ${recorded.index} was ${JSON.stringify(recorded)}, is now ${JSON.stringify(told)}`,
  );
}

function sortedText(event: object): string {
  return JSON.stringify(Object.entries(event).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
