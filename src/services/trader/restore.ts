/**
 * A book after a restart: the newest snapshot and the journal's tail, folded with what ran then. The paper broker runs
 * along, so that what a kill kept it from saying is said now, at the time of the event that it
 * answers, under the same client order ids.
 */
import type { TradingLog, TradingLogReader } from "../../adapters/trading-journal/trading-log.ts";
import { createPaperBroker, type PaperBroker } from "../../domain/trading/broker/paper-broker.ts";
import { type PaperDesk, stepDesk } from "../../domain/trading/broker/paper-desk.ts";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import { type BrokerEvent, isBrokerEvent, type TraderEvent } from "../../domain/trading/events.ts";
import {
  restoreFrom,
  snapshotOf,
  type TraderSnapshot,
} from "../../domain/trading/snapshot/snapshot.ts";
import { isOfStrategy, versionAt } from "../../domain/trading/snapshot/take-version.ts";
import {
  createTrader,
  stepTrader,
  type Trader,
  workingOrdersOf,
} from "../../domain/trading/trader.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import type { SavedState } from "../../wire/trading/trader-snapshot.ts";
import type { BookedCommands, Outcomes } from "./book.ts";
import { changeConfiguration, changeUnknown } from "./change-configuration.ts";

export type RestoreDeps = {
  /** What the book is to run. */
  readonly configuration: BookConfiguration;
  /** What it ran under a hash; null where that can't be had any more. */
  readonly configurationOf: (hash: string) => BookConfiguration | null;
  readonly saved: SavedState | null;
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
  /** From what the book ran to what it is to run, in words; null when that is the same. */
  readonly change: string | null;
};

/** What one version of the book decided, from a state on. */
type Part = { readonly version: BookConfiguration; readonly snapshot: TraderSnapshot | null };

type FoldedPart = Omit<RestoredBook, "change"> & {
  /** The start at which another version goes on; null at the journal's end. */
  readonly next: TraderEvent | null;
};

/** @throws {Error} when the book can't go on as it is configured; it says what to do. */
export function restoreBook(deps: RestoreDeps): RestoredBook {
  const { configuration, configurationOf } = deps;
  const first = firstPart(deps);
  if (first.version === null) {
    const changed = changeUnknown(first.snapshot, configuration);
    const broker = createPaperBroker(configuration.paper);
    return { ...changed, broker, folded: 0, completed: 0, difference: null };
  }
  let part: Part = first;
  let folded = 0;
  let difference: string | null = null;
  for (;;) {
    const { version } = part;
    const { next, ...book } = foldPart(deps, part);
    folded += book.folded;
    difference ??= book.difference;
    if (next === null) {
      const whole = { ...book, folded, difference, change: null };
      if (version.hash === configuration.hash) return whole;
      const changed = changeConfiguration(book.trader, version, configuration);
      const broker = createPaperBroker(configuration.paper, workingOrdersOf(changed.trader));
      return { ...whole, ...changed, broker };
    }
    const following = versionAt({ trader: book.trader, version }, next, configurationOf);
    if (following === null) throw new Error(`event ${next.index} starts a book that is not flat`);
    part = { version: following.version, snapshot: snapshotOf(following.trader) };
  }
}

type UnknownPart = { readonly version: null; readonly snapshot: TraderSnapshot };

function firstPart({ configuration, configurationOf, saved, read }: RestoreDeps) {
  if (saved === null) return { version: configuration, snapshot: null } satisfies Part;
  const { snapshot } = saved;
  const ran = configurationOf(saved.configurationHash ?? configuration.hash);
  // Of the same strategy another configuration does as well: a fill that it did not lead to is noticed.
  const version = ran ?? configuration;
  if (isOfStrategy(createTrader(version.trader), snapshot)) return { version, snapshot };
  const reader = read(snapshot.nextIndex);
  const isClean = reader.poll().next().done === true;
  reader.close();
  if (isClean) return { version: null, snapshot } satisfies UnknownPart;
  throw new Error(
    `the journal goes on behind the last saved state, event ${snapshot.nextIndex - 1}, with what ` +
      `${JSON.stringify(snapshot.strategy)} decided, which can't be had any more: put its file, or the ` +
      "program of that version, back, start it, 'dolphin stop trader-blue', then change it. Where it can't run " +
      `any more, 'dolphin journal cut BLUE --after ${snapshot.nextIndex - 1}' gives up what it decided since`,
  );
}

/** A part that the paper broker does not tell as it is recorded counts as it is recorded. */
function foldPart(deps: RestoreDeps, part: Part): FoldedPart {
  try {
    return foldWithBroker(deps, part);
  } catch (error) {
    if (!(error instanceof BrokerDiffers)) throw error;
    return { ...foldRecorded(deps, part), difference: error.message };
  }
}

class BrokerDiffers extends Error {
  override readonly name = "BrokerDiffers";
}

function begin({ version, snapshot }: Part) {
  const trader =
    snapshot === null ? createTrader(version.trader) : restoreFrom(version.trader, snapshot);
  // A snapshot is taken between two events of the market: the broker has nothing left to say.
  const broker = createPaperBroker(version.paper, workingOrdersOf(trader));
  return { trader, broker, from: trader.nextIndex };
}

/** A version that can't be had is followed by the one before it, as far as its fills let it. */
function startsOther({ configurationOf }: RestoreDeps, { version }: Part, event: TraderEvent) {
  if (event.kind !== "started" || event.configurationHash === version.hash) return false;
  return configurationOf(event.configurationHash) !== null;
}

function foldWithBroker(deps: RestoreDeps, part: Part): FoldedPart {
  const { log, outcomes, read, onCommands } = deps;
  const { trader, broker, from } = begin(part);
  const reader = read(from);
  let completed = 0;
  let event: TraderEvent | null = null;
  try {
    const events = reader.poll();
    const next = (): TraderEvent | null => events.next().value ?? null;
    const desk: PaperDesk = {
      trader,
      broker,
      beforeReport: (report) => {
        outcomes.tookEvent(report);
        const recorded = next();
        if (recorded !== null) return assertSame(report, recorded);
        log.append(report);
        completed += 1;
      },
      onCommands({ index }, commands) {
        outcomes.gaveCommands(commands);
        onCommands({ index, commands });
      },
    };
    for (event = next(); event !== null; event = next()) {
      if (startsOther(deps, part, event)) break;
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
  return { trader, broker, folded, completed, difference: null, next: event };
}

/** What was recorded counts: the broker goes on with the orders that it leaves working. */
function foldRecorded(deps: RestoreDeps, part: Part): FoldedPart {
  const { trader, from } = begin(part);
  const { outcomes } = deps;
  const reader = deps.read(from);
  let open: TraderEvent | null = null;
  let next: TraderEvent | null = null;
  try {
    for (const event of reader.poll()) {
      if (startsOther(deps, part, event)) {
        next = event;
        break;
      }
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
  const broker = createPaperBroker(part.version.paper, workingOrdersOf(trader));
  const folded = trader.nextIndex - from;
  return { trader, broker, folded, completed: 0, difference: null, next };
}

/** A fill of an order that this code and configuration never made would be lost to the book. */
function assertKnown(event: TraderEvent, commands: readonly TraderCommand[]): void {
  if (event.kind !== "order_filled" && event.kind !== "order_partly_filled") return;
  for (const command of commands) {
    if (command.kind !== "note" || command.note.code !== "order_unfamiliar") continue;
    throw new Error(
      `event ${event.index} of the journal is about ${command.note.subject}, an order that the ` +
        "present program and configuration do not make: put back what wrote it, start it, " +
        "'dolphin stop trader-blue', then change it",
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
