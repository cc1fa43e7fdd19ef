/** The programs with which a day is run again, including changes of the book's version within the day. */
import type { PaperSettings } from "../../domain/trading/broker/paper-broker.ts";
import type { TraderConfiguration } from "../../domain/trading/configuration.ts";
import type { StartedEvent } from "../../domain/trading/events.ts";
import { replayCore, type ReplayCore } from "../../domain/trading/replay/replay-core.ts";
import type { TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { decodeTraderSnapshot, type RecordedProgram } from "../../wire/trading/trader-snapshot.ts";
import { latestSnapshot } from "../../adapters/event-log/snapshots.ts";
import { NotComparable } from "./not-comparable.ts";

/** A program for running a day again. */
export type ReplayProgram = {
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  readonly configurationHash: string;
  readonly codeHash: string;
  /** The code to use; absent: this release's. */
  readonly core?: ReplayCore;
  /** The versions that `started` events within the day announce; absent: such a day is not comparable. */
  readonly versions?: DayVersions;
  /** It replaces the recorded program: the day starts with the other's state, and recorded states are not its own. */
  readonly isStandIn?: boolean;
};

export type DayVersions = {
  /** A sentence where it is not available. */
  readonly of: (ran: RecordedProgram) => ReplayProgram | string;
  /** The state that a promotion right after this event saved; null: there was none. */
  readonly promotedAt: (index: number) => TraderSnapshot | null;
};

export type VersionedTrader = { readonly program: ReplayProgram; readonly trader: Trader };

export function coreOf({ core }: ReplayProgram): ReplayCore {
  return core ?? replayCore;
}

export function isOther(start: RecordedProgram, program: RecordedProgram): boolean {
  return (
    start.configurationHash !== program.configurationHash || start.codeHash !== program.codeHash
  );
}

/** @throws {NotComparable} where the next version is not available, or could not have continued from here. */
export function bookBehind(
  journalFolder: string,
  start: StartedEvent,
  book: VersionedTrader,
): VersionedTrader {
  const { versions } = book.program;
  const program = versions?.of(start) ?? `event ${start.index} is the start of another program`;
  if (typeof program === "string") throw new NotComparable(program);
  if (isOther(start, program)) {
    throw new NotComparable(
      `the settings used from event ${start.index} on are not stored: restore the former value of the key 'trader'`,
    );
  }
  const last = start.index - 1;
  const left = versions?.promotedAt(last) ?? null;
  const saved = left ?? (program.isStandIn === true ? null : savedBy(journalFolder, start));
  const before = coreOf(book.program).snapshotOf(book.trader);
  const trader = saved === null ? taken(program, before) : restoredAs(program, saved);
  return { program, trader };
}

/** The state that a changed book saves before it continues; older ones are deleted. */
function savedBy(journalFolder: string, start: StartedEvent): TraderSnapshot | null {
  const { snapshot } = latestSnapshot(journalFolder, start.index - 1);
  if (snapshot === null || snapshot.index !== start.index - 1) return null;
  const saved = decodeTraderSnapshot(snapshot.bytes);
  return saved.configurationHash === start.configurationHash ? saved.snapshot : null;
}

function taken(program: ReplayProgram, snapshot: TraderSnapshot): Trader {
  const book = coreOf(program).takeVersion(program.trader, snapshot);
  if (book.kind === "taken") return book.trader;
  throw new NotComparable(`what was started then cannot continue from here: ${book.reason}`);
}

/** @throws {Error} where the state belongs to another program, unless this one replaces it. */
export function restoredAs(program: ReplayProgram, snapshot: TraderSnapshot): Trader {
  const { createTrader, restoreFrom, strategyOf } = coreOf(program);
  if (program.isStandIn !== true) return restoreFrom(program.trader, snapshot);
  // The memory of another file or version is taken as this one's.
  const strategy = strategyOf(createTrader(program.trader));
  return restoreFrom(program.trader, { ...snapshot, strategy });
}
