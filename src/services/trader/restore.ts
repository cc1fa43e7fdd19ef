/**
 * Restores a book: the newest snapshot, then the rest of the journal, folded with the versions that ran then. A desk
 * whose reports are derived from the log is run along, so that reports which a kill prevented are made now, at the
 * time of the event that they answer, under the same client order ids. For any other desk the log's own reports
 * count, and it is asked for the rest afterwards (`reconcile-desk.ts`).
 */
import type { EventLog, EventLogReader } from "../../adapters/event-log/event-log.ts";
import { type Desk, giveCommands } from "../../domain/trading/broker/desk.ts";
import { commandsAgain } from "../../domain/trading/broker/reconcile.ts";
import { stepDesk, stepReports, type TraderAtDesk } from "../../domain/trading/broker/step-desk.ts";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import { type BrokerEvent, isBrokerEvent, type TraderEvent } from "../../domain/trading/events.ts";
import {
  restoreFrom,
  snapshotOf,
  type TraderSnapshot,
} from "../../domain/trading/snapshot/snapshot.ts";
import { isOfStrategy, versionAt } from "../../domain/trading/snapshot/take-version.ts";
import type { WorkingOrder } from "../../domain/trading/state.ts";
import {
  createTrader,
  stepTrader,
  type Trader,
  workingOrdersOf,
} from "../../domain/trading/trader.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import type { SavedState } from "../../wire/trading/trader-snapshot.ts";
import type { BookedCommands, Outcomes } from "./event-sequencer.ts";
import { changeConfiguration, changeUnknown } from "./change-configuration.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { traderOf } from "../../domain/supervision/services.ts";

const STOP = `dolphin stop ${traderOf(COUNTED_BOOK).name}`;

export type RestoreDeps = {
  /** The book's present configuration. */
  readonly configuration: BookConfiguration;
  /** Its configuration for a hash; null where it is no longer available. */
  readonly configurationOf: (hash: string) => BookConfiguration | null;
  readonly saved: SavedState | null;
  /** Opens the desk for one version, with the pending orders. */
  readonly openDesk: OpenDesk;
  readonly log: Pick<EventLog, "append">;
  /** Gets folded steps, too, so that outcomes lost in a crash are written now. */
  readonly outcomes: Outcomes;
  /** Reads from this index on; each call starts anew. */
  readonly read: (fromIndex: number) => Pick<EventLogReader, "poll" | "close">;
  /** Also called with commands that it got before the end: the index identifies them. */
  readonly onCommands: (booked: BookedCommands) => void;
};

export type OpenDesk = (version: BookConfiguration, working: readonly WorkingOrder[]) => Desk;

export type RestoredBook = {
  readonly trader: Trader;
  readonly desk: Desk;
  /** The last market event, where its desk may report more on it; else null. */
  readonly openStep: TraderEvent | null;
  /** Number of events after the snapshot. */
  readonly folded: number;
  /** Number of reports that the desk had not made, and has now: appended to the journal. */
  readonly completed: number;
  /** The first place where the recorded fills differ from those of this code; null if none does. */
  readonly difference: string | null;
  /** From the previous configuration to the present one, in words; null when they are equal. */
  readonly change: string | null;
};

/** The part of the log that one version decided, from a state on. */
type Part = { readonly version: BookConfiguration; readonly snapshot: TraderSnapshot | null };

type FoldedPart = Omit<RestoredBook, "change"> & {
  /** The start at which another version continues; null at the journal's end. */
  readonly next: TraderEvent | null;
};

/** @throws {Error} when the book can't continue as configured; it says what to do. */
export function restoreBook(deps: RestoreDeps): RestoredBook {
  const { configuration, configurationOf } = deps;
  const first = firstPart(deps);
  if (first.version === null) {
    const changed = changeUnknown(first.snapshot, configuration);
    const desk = deps.openDesk(configuration, workingOrdersOf(changed.trader));
    return { ...changed, desk, openStep: null, folded: 0, completed: 0, difference: null };
  }
  let part: Part = first;
  let folded = 0;
  let completed = 0;
  let difference: string | null = null;
  for (;;) {
    const { version } = part;
    const { next, ...book } = foldPart(deps, part);
    folded += book.folded;
    completed += book.completed;
    difference ??= book.difference;
    if (next === null) {
      const whole = { ...book, folded, completed, difference, change: null };
      if (version.hash === configuration.hash) return whole;
      // A flat book has no order on which the desk could report more.
      if (book.openStep !== null) deps.outcomes.endStep(book.trader, book.openStep);
      const changed = changeConfiguration(book.trader, version, configuration);
      const desk = deps.openDesk(configuration, workingOrdersOf(changed.trader));
      return { ...whole, ...changed, desk, openStep: null };
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
  // Another configuration of the same strategy is good enough: a fill that it did not lead to is noticed.
  const version = ran ?? configuration;
  if (isOfStrategy(createTrader(version.trader), snapshot)) return { version, snapshot };
  const reader = read(snapshot.nextIndex);
  const isClean = reader.poll().next().done === true;
  reader.close();
  if (isClean) return { version: null, snapshot } satisfies UnknownPart;
  throw new Error(
    `the journal continues after the last saved state, event ${snapshot.nextIndex - 1}, with what ` +
      `${JSON.stringify(snapshot.strategy)} decided, which is no longer available: restore its file, or the ` +
      `program of that version, start it, '${STOP}', then change it. If it can't run ` +
      `any more, 'dolphin journal cut ${COUNTED_BOOK} --after ${snapshot.nextIndex - 1}' drops what it decided since`,
  );
}

/** Where a derived desk now reports something else, the recorded reports count. */
function foldPart(deps: RestoreDeps, part: Part): FoldedPart {
  const begun = begin(deps, part);
  if (!begun.desk.isDerived) return foldRecorded(deps, part, begun);
  try {
    return foldWithDesk(deps, part, begun);
  } catch (error) {
    if (!(error instanceof DeskDiffers)) throw error;
    return { ...foldRecorded(deps, part, begin(deps, part)), difference: error.message };
  }
}

class DeskDiffers extends Error {
  override readonly name = "DeskDiffers";
}

function begin({ openDesk }: RestoreDeps, { version, snapshot }: Part) {
  const trader =
    snapshot === null ? createTrader(version.trader) : restoreFrom(version.trader, snapshot);
  // A snapshot is taken between two market events: a derived desk has nothing left to report.
  const desk = openDesk(version, workingOrdersOf(trader));
  return { trader, desk, from: trader.nextIndex };
}

type Begun = ReturnType<typeof begin>;

/** A version that is not available is replaced by the previous one, as far as its fills allow. */
function startsOther({ configurationOf }: RestoreDeps, { version }: Part, event: TraderEvent) {
  if (event.kind !== "started" || event.configurationHash === version.hash) return false;
  return configurationOf(event.configurationHash) !== null;
}

function foldWithDesk(deps: RestoreDeps, part: Part, { trader, desk, from }: Begun): FoldedPart {
  const { log, outcomes, read, onCommands } = deps;
  const reader = read(from);
  let completed = 0;
  let event: TraderEvent | null = null;
  try {
    const events = reader.poll();
    const next = (): TraderEvent | null => events.next().value ?? null;
    const at: TraderAtDesk = {
      trader,
      desk,
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
        throw new DeskDiffers(`event ${event.index} is ${event.kind}, which nothing led to`);
      }
      outcomes.tookEvent(event);
      stepDesk(at, event);
      outcomes.endStep(trader, event);
    }
  } finally {
    reader.close();
  }
  const folded = trader.nextIndex - from - completed;
  return { trader, desk, openStep: null, folded, completed, difference: null, next: event };
}

/** The recorded reports count: the desk continues with the orders that they leave working. */
function foldRecorded(deps: RestoreDeps, part: Part, { trader, from }: Begun): FoldedPart {
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
  const folded = trader.nextIndex - from;
  const desk = deps.openDesk(part.version, workingOrdersOf(trader));
  const isLast = next === null;
  if (isLast && open !== null && desk.isDerived) answerAgain(deps, { trader, desk }, open.nowMs);
  const openStep = isLast && !desk.isDerived ? open : null;
  if (open !== null && openStep === null) outcomes.endStep(trader, open);
  const completed = trader.nextIndex - from - folded;
  return { trader, desk, openStep, folded, completed, difference: null, next };
}

/** A derived desk gets the commands that a kill prevented, and answers at the time of the event. */
function answerAgain(
  { log, outcomes, onCommands }: RestoreDeps,
  { trader, desk }: Pick<TraderAtDesk, "trader" | "desk">,
  nowMs: number,
): void {
  const at: TraderAtDesk = {
    trader,
    desk,
    beforeReport(report) {
      outcomes.tookEvent(report);
      log.append(report);
    },
    onCommands({ index }, commands) {
      outcomes.gaveCommands(commands);
      onCommands({ index, commands });
    },
  };
  const working = workingOrdersOf(trader);
  const unsent = working.filter(({ status }) => status === "submitted");
  const ids = unsent.map(({ order }) => order.clientOrderId);
  giveCommands(desk, commandsAgain(working, ids));
  stepReports(at, desk.takeReports(), nowMs);
}

/** A fill of an order that this code and configuration never placed would be lost to the book. */
function assertKnown(event: TraderEvent, commands: readonly TraderCommand[]): void {
  if (event.kind !== "order_filled" && event.kind !== "order_partly_filled") return;
  for (const command of commands) {
    if (command.kind !== "note" || command.note.code !== "order_unfamiliar") continue;
    throw new Error(
      `event ${event.index} of the journal is about ${command.note.subject}, an order that the ` +
        "present program and configuration do not make: restore what wrote it, start it, " +
        `'${STOP}', then change it`,
    );
  }
}

function assertSame(repeated: BrokerEvent, recorded: TraderEvent): void {
  if (sortedText(repeated) === sortedText(recorded)) return;
  throw new DeskDiffers(
    `event ${recorded.index} was ${JSON.stringify(recorded)}, is now ${JSON.stringify(repeated)}`,
  );
}

function sortedText(event: object): string {
  return JSON.stringify(Object.entries(event).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
