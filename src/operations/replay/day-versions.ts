/** What a day is run again with, also where the book went on as something else within it. */
import type { PaperSettings } from "../../domain/trading/broker/paper-broker.ts";
import type { TraderConfiguration } from "../../domain/trading/configuration.ts";
import type { StartedEvent } from "../../domain/trading/events.ts";
import { replayCore, type ReplayCore } from "../../domain/trading/replay/replay-core.ts";
import type { TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { decodeTraderSnapshot, type RecordedProgram } from "../../wire/trading/trader-snapshot.ts";
import { latestSnapshot } from "../../adapters/event-log/snapshots.ts";
import { NotComparable } from "./not-comparable.ts";

/** What a day is run again with. */
export type ReplayProgram = {
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  readonly configurationHash: string;
  readonly codeHash: string;
  /** Whose code it is; left out: this release's. */
  readonly core?: ReplayCore;
  /** What goes on where a start within the day tells of another; left out: such a day is not comparable. */
  readonly versions?: DayVersions;
  /** It stands in for what ran: a day is begun with the state of the other, and its states are not its own. */
  readonly isStandIn?: boolean;
};

export type DayVersions = {
  /** A sentence where it can't be had. */
  readonly of: (ran: RecordedProgram) => ReplayProgram | string;
  /** The state that a promotion right after this event left; null: there was none. */
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

/** @throws {NotComparable} where what goes on can't be had, or could not have gone on from here. */
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
      `the settings that were started at event ${start.index} are not kept: put the key 'trader' back to what it was`,
    );
  }
  const last = start.index - 1;
  const left = versions?.promotedAt(last) ?? null;
  const saved = left ?? (program.isStandIn === true ? null : savedBy(journalFolder, start));
  const before = coreOf(book.program).snapshotOf(book.trader);
  const trader = saved === null ? taken(program, before) : restoredAs(program, saved);
  return { program, trader };
}

/** What a changed book saves before it goes on; older ones are deleted. */
function savedBy(journalFolder: string, start: StartedEvent): TraderSnapshot | null {
  const { snapshot } = latestSnapshot(journalFolder, start.index - 1);
  if (snapshot === null || snapshot.index !== start.index - 1) return null;
  const saved = decodeTraderSnapshot(snapshot.bytes);
  return saved.configurationHash === start.configurationHash ? saved.snapshot : null;
}

function taken(program: ReplayProgram, snapshot: TraderSnapshot): Trader {
  const book = coreOf(program).takeVersion(program.trader, snapshot);
  if (book.kind === "taken") return book.trader;
  throw new NotComparable(`what was started then can't go on from here: ${book.reason}`);
}

/** @throws {Error} where the state is of something else, but for one that stands in. */
export function restoredAs(program: ReplayProgram, snapshot: TraderSnapshot): Trader {
  const { createTrader, restoreFrom, strategyOf } = coreOf(program);
  if (program.isStandIn !== true) return restoreFrom(program.trader, snapshot);
  // Another file, or another version: what it remembers is taken for its own.
  const strategy = strategyOf(createTrader(program.trader));
  return restoreFrom(program.trader, { ...snapshot, strategy });
}
