/**
 * Runs one recorded day of a book through the core again, from the last snapshot before it, else from the log's
 * beginning. Returns the reason where it can't be compared.
 */
import { join } from "node:path";
import { messageOf } from "../../domain/failure.ts";
import type { StartedEvent, TraderEvent } from "../../domain/trading/events.ts";
import type { Replay, ReplayOutcome } from "../../domain/trading/replay/replay.ts";
import type { ReplayRecords } from "../../domain/trading/replay/replay-records.ts";
import type { TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import type { DayReplay } from "../../wire/session/day-replay.ts";
import { decodeTraderSnapshot, type RecordedProgram } from "../../wire/trading/trader-snapshot.ts";
import { TradingRecordDecoder } from "../../wire/event-log/trading-record.ts";
import { SegmentLogReader } from "../../adapters/event-log/segment-log-reader.ts";
import { SegmentCursor } from "../../adapters/event-log/segments/segment-cursor.ts";
import type { SegmentHeader } from "../../adapters/event-log/segments/segment-format.ts";
import {
  bookFolder,
  listSegmentDays,
  segmentPath,
} from "../../adapters/event-log/segments/segment-files.ts";
import { SegmentLogError } from "../../adapters/event-log/segments/segment-log-error.ts";
import { latestSnapshot, listSnapshots } from "../../adapters/event-log/snapshots.ts";
import { tradesBehind } from "../../adapters/event-log/trade-file.ts";
import { EventLogReader } from "../../adapters/event-log/event-log.ts";
import type { SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import {
  bookBehind,
  coreOf,
  isOther,
  type ReplayProgram,
  restoredAs,
  type VersionedTrader,
} from "./day-versions.ts";
import { joinedOutcomes } from "./joined-outcomes.ts";
import { NotComparable } from "./not-comparable.ts";
import { readDayBegin, readOutcomes } from "../../adapters/event-log/outcome-file.ts";

/** Most steps that a running trader has not written yet, or takes during the replay. */
const UNWRITTEN_MAX = 1_024;

/** `watchedIndex`: the event whose step is shown, even where it is equal. */
export function replayDay(
  place: SegmentLogPlace,
  day: string,
  program: WatchingProgram,
): DayReplay {
  const about = { book: place.book, day, now: null };
  try {
    return { ...about, ...foldDay(place, day, program) };
  } catch (error) {
    const isExpected = error instanceof NotComparable || error instanceof SegmentLogError;
    if (!isExpected) throw error;
    return { ...about, verdict: "not_comparable", reason: error.message };
  }
}

type WatchingProgram = ReplayProgram & { readonly watchedIndex?: number | undefined };

function foldDay(place: SegmentLogPlace, day: string, asked: WatchingProgram) {
  const recorded = openRecordedDay(place, day, asked);
  const { fromIndex, snapshotIndex } = recorded;
  const folder = bookFolder(place.root, place.book);
  let book: VersionedTrader = { program: asked, trader: recorded.trader };
  const ended: ReplayOutcome[] = [];
  let replay: Replay | null = null;
  for (const event of recorded.events()) {
    if (replay !== null && event.kind === "started" && isOther(event, book.program)) {
      ended.push(replay.end());
      book = bookBehind(folder, event, book);
      replay = null;
    }
    replay ??= begunReplay(folder, day, { ...book, watchedIndex: asked.watchedIndex });
    if (!replay.take(event)) break;
  }
  if (replay === null) throw new NotComparable(`${day} has a segment without an event`);
  const outcome = joinedOutcomes([...ended, replay.end()]);
  const isDifferent = 0 < outcome.differences + outcome.broker.differences;
  if (!isDifferent)
    expectDigests(outcome, listSegmentDays(bookFolder(place.root, place.book)), day);
  const verdict = isDifferent ? ("different" as const) : ("equal" as const);
  return { verdict, fromIndex, snapshotIndex, outcome };
}

function begunReplay(
  folder: string,
  day: string,
  book: VersionedTrader & { readonly watchedIndex: number | undefined },
): Replay {
  const { program, trader, watchedIndex } = book;
  const records = readRecords(folder, day, program);
  return coreOf(program).replayOf(trader, program.paper, {
    ...records,
    ...(watchedIndex === undefined ? {} : { watchedIndex }),
  });
}

/**
 * A full disk or a power failure may have lost digests. Their steps were not compared, so the day is not reported as
 * equal.
 */
function expectDigests(
  { undigested, undigestedLast, compared }: ReplayOutcome,
  days: readonly string[],
  day: string,
): void {
  const isUnderWay = day === days.at(-1) && undigestedLast <= UNWRITTEN_MAX;
  const lost = isUnderWay ? undigested - undigestedLast : undigested;
  if (lost === 0) return;
  throw new NotComparable(
    `the outcomes of ${lost} of ${undigested + compared.digests} steps of ${day} were not stored (a full disk, ` +
      "or a power cut); the others are equal",
  );
}

export type RecordedEvents = {
  /** Its state before the day's first event, which has been applied to it if it is a change. */
  readonly trader: Trader;
  /** The index of the day's first event. */
  readonly fromIndex: number;
  /** The index of the snapshot from which the fold started; 0: the log's beginning. */
  readonly snapshotIndex: number;
  /** The day's events, to be stepped by the caller. */
  readonly events: () => Generator<TraderEvent>;
};

/** @throws {NotComparable | SegmentLogError} where this program can't fold the day. */
export function openRecordedDay(
  place: SegmentLogPlace,
  day: string,
  program: ReplayProgram,
): RecordedEvents {
  const folder = bookFolder(place.root, place.book);
  const fromIndex = firstIndexOf(folder, place.book, day);
  const { trader, snapshotIndex } = startBefore(folder, { day, index: fromIndex }, program);
  return {
    trader,
    fromIndex,
    snapshotIndex,
    *events() {
      const reader = new SegmentLogReader(place, trader.nextIndex);
      const decoder = new TradingRecordDecoder();
      try {
        for (const record of reader.poll()) {
          if (day < record.day) break;
          if (record.kind === "definition") {
            decoder.define(record.payload);
            continue;
          }
          const event = decode(decoder, record);
          const isWithin = record.day === day && fromIndex < event.index;
          const isTaken = isWithin && program.versions !== undefined;
          if (event.kind === "started" && !isTaken) assertStart(event, program, fromIndex);
          if (record.day < day) coreOf(program).stepTrader(trader, event);
          else yield event;
        }
      } finally {
        reader.close();
      }
    },
  };
}

function decode(
  decoder: TradingRecordDecoder,
  { payload, index }: { readonly payload: Buffer; readonly index: number },
): TraderEvent {
  try {
    return decoder.decode(payload, index);
  } catch (error) {
    throw new NotComparable(messageOf(error), { cause: error });
  }
}

export function firstIndexOf(folder: string, book: string, day: string): number {
  const days = listSegmentDays(folder);
  if (!days.includes(day)) {
    const kept =
      days.length === 0 ? "there are no segments" : `there are ${days[0]} to ${days.at(-1)}`;
    throw new NotComparable(`the segment ${day} of ${book} is missing in ${folder}: ${kept}`);
  }
  return headerOf(folder, day).firstIndex;
}

function headerOf(folder: string, day: string): SegmentHeader {
  const cursor = new SegmentCursor(segmentPath(folder, day));
  cursor.close();
  return cursor.header;
}

type FirstEvent = { readonly day: string; readonly index: number };

type Start = { readonly trader: Trader; readonly snapshotIndex: number };

/** The configuration with which the day began; null where nothing records it, or the record is damaged. */
export function configurationHashOf(place: SegmentLogPlace, day: string): string | null {
  try {
    return hashAtBegin(place, day);
  } catch {
    // The replay reports what is wrong with it.
    return null;
  }
}

function hashAtBegin(place: SegmentLogPlace, day: string): string | null {
  const folder = bookFolder(place.root, place.book);
  if (!listSegmentDays(folder).includes(day)) return null;
  const { firstIndex } = headerOf(folder, day);
  const begin = readDayBegin(folder, day);
  if (begin !== null && begin.snapshot.nextIndex === firstIndex) return begin.configurationHash;
  const reader = new EventLogReader(place, firstIndex);
  try {
    const { value: event } = reader.poll().next();
    if (event?.kind === "started") return event.configurationHash;
  } finally {
    reader.close();
  }
  const { snapshot } = latestSnapshot(folder, firstIndex - 1);
  return snapshot === null ? null : decodeTraderSnapshot(snapshot.bytes).configurationHash;
}

/** The day's initial state, else the newest snapshot before it, else the log's beginning. */
function startBefore(folder: string, first: FirstEvent, program: ReplayProgram): Start {
  const begin = readDayBegin(folder, first.day);
  if (begin !== null && begin.snapshot.nextIndex === first.index) {
    assertSameProgram(begin, program, `that ran when ${first.day} began`);
    return restored(begin.snapshot, program);
  }
  const { snapshot } = latestSnapshot(folder, first.index - 1);
  if (snapshot !== null) return restored(decodeTraderSnapshot(snapshot.bytes).snapshot, program);
  const trader = coreOf(program).createTrader(program.trader);
  const oldest = listSegmentDays(folder)[0] ?? "";
  const { firstIndex } = headerOf(folder, oldest);
  if (firstIndex <= trader.nextIndex) return { trader, snapshotIndex: 0 };
  throw new NotComparable(
    `the segments before ${oldest}, events ${trader.nextIndex} to ${firstIndex - 1}, are missing, ` +
      "and there is no snapshot from before the day",
  );
}

function restored(snapshot: TraderSnapshot, program: ReplayProgram): Start {
  try {
    const trader = restoredAs(program, snapshot);
    return { trader, snapshotIndex: snapshot.nextIndex - 1 };
  } catch (error) {
    throw new NotComparable(`the day begins with ${messageOf(error)}`, { cause: error });
  }
}

function assertStart(event: StartedEvent, program: ReplayProgram, fromIndex: number): void {
  const { index, configurationHash } = event;
  // The first event was used to start, and is compared with the program as a whole.
  if (index !== fromIndex && configurationHash !== program.configurationHash) {
    const hashes = [program.configurationHash, configurationHash].map((hash) => hash.slice(0, 12));
    throw new NotComparable(
      `the configuration was changed at event ${index}, from ${hashes.join(" to ")}: no program ran ` +
        "before it and after it",
    );
  }
  assertSameProgram(event, program, `that started at event ${index}`);
}

function assertSameProgram(
  { codeHash, configurationHash }: RecordedProgram,
  program: ReplayProgram,
  which: string,
): void {
  const other = (what: string, was: string, is: string) =>
    `the trader ${which} had another ${what} (${was.slice(0, 12)}) than ` +
    `this program (${is.slice(0, 12)})`;
  const [core = "", file = "none"] = codeHash.split("+");
  const [ownCore = "", ownFile = "none"] = program.codeHash.split("+");
  if (core !== ownCore) {
    throw new NotComparable(`${other("code", core, ownCore)}: check out the version that ran`);
  }
  if (file !== ownFile) {
    throw new NotComparable(
      `${other("file of its strategy", file, ownFile)}: restore the former file`,
    );
  }
  if (configurationHash !== program.configurationHash) {
    throw new NotComparable(
      `${other("configuration", configurationHash, program.configurationHash)}: restore the former value of ` +
        "the key 'trader'",
    );
  }
}

/** @throws {NotComparable} where there are no digests to compare decisions with. */
function readRecords(folder: string, day: string, program: ReplayProgram): ReplayRecords {
  const digests = readOutcomes(folder, day);
  if (digests === null) {
    throw new NotComparable(`no outcomes of ${day} were recorded in ${join(folder, "outcomes")}`);
  }
  const trades = readTrades(folder);
  const { exactText } = coreOf(program);
  const snapshots = new Set(listSnapshots(folder));
  const following = listSegmentDays(folder).find((other) => day < other);
  const begin = following === undefined ? null : readDayBegin(folder, following);
  // The next day's initial state is this day's final one, if it was not changed in between.
  const next = begin !== null && isOf(program, begin.configurationHash) ? begin.snapshot : null;
  return {
    digestOf: (index) => digests.get(index),
    tradeOf: (index) => trades.get(index),
    lastTradeIndex: [...trades.keys()].at(-1) ?? 0,
    snapshotOf(index) {
      if (program.isStandIn === true) return undefined;
      if (next !== null && next.nextIndex - 1 === index) return exactText(next);
      if (!snapshots.has(index)) return undefined;
      const { snapshot } = latestSnapshot(folder, index);
      if (snapshot?.index !== index) return undefined;
      const saved = decodeTraderSnapshot(snapshot.bytes);
      if (!isOf(program, saved.configurationHash)) return undefined;
      return exactText(saved.snapshot);
    },
  };
}

/** A state that was changed for another version is not the day's own final state. */
function isOf({ configurationHash }: ReplayProgram, hash: string | null): boolean {
  return hash === null || hash === configurationHash;
}

function readTrades(folder: string): ReadonlyMap<number, string> {
  return new Map(
    tradesBehind(folder, 0).map(({ index, trade }) => [index, JSON.stringify(trade)] as const),
  );
}
