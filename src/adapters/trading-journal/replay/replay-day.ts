/**
 * One recorded day of a book through the core again: from the last snapshot before it, else from the
 * log's beginning. What can't be compared is said instead of compared.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../domain/failure.ts";
import type { PaperSettings } from "../../../domain/trading/broker/paper-broker.ts";
import type { TraderConfiguration } from "../../../domain/trading/configuration.ts";
import type { TraderEvent } from "../../../domain/trading/events.ts";
import { Replay, type ReplayOutcome } from "../../../domain/trading/replay/replay.ts";
import type { ReplayRecords } from "../../../domain/trading/replay/replay-records.ts";
import { restoreFrom, type TraderSnapshot } from "../../../domain/trading/snapshot/snapshot.ts";
import { createTrader, stepTrader, type Trader } from "../../../domain/trading/trader.ts";
import type { DayReplay } from "../../../wire/session/day-replay.ts";
import {
  decodeTraderSnapshot,
  type RecordedProgram,
} from "../../../wire/trading/trader-snapshot.ts";
import { TradingRecordDecoder } from "../../../wire/trading/trading-record.ts";
import { JournalReader } from "../journal-reader.ts";
import { SegmentCursor } from "../segments/segment-cursor.ts";
import type { SegmentHeader } from "../segments/segment-format.ts";
import { bookFolder, listDays, namesIn, segmentPath } from "../segments/segment-files.ts";
import { TradingJournalError } from "../segments/trading-journal-error.ts";
import { latestSnapshot, listSnapshots } from "../snapshots.ts";
import type { TradingJournalPlace } from "../trading-journal.ts";
import { readDayBegin, readOutcomes } from "./outcome-file.ts";

/** What the present program would run the book with. */
export type ReplayProgram = {
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  readonly configurationHash: string;
  readonly codeHash: string;
};

/** Steps that a trader at work has not written, or took while its day is replayed, at most. */
const UNWRITTEN_MAX = 1_024;

/** The day has no counterpart in this program, or its records have a hole. */
export class NotComparable extends Error {
  override readonly name = "NotComparable";
}

export function replayDay(
  place: TradingJournalPlace,
  day: string,
  program: ReplayProgram,
): DayReplay {
  const about = { book: place.book, day };
  try {
    return { ...about, ...foldDay(place, day, program) };
  } catch (error) {
    const isExpected = error instanceof NotComparable || error instanceof TradingJournalError;
    if (!isExpected) throw error;
    return { ...about, verdict: "not_comparable", reason: error.message };
  }
}

function foldDay(place: TradingJournalPlace, day: string, program: ReplayProgram) {
  const recorded = openRecordedDay(place, day, program);
  const { trader, fromIndex, snapshotIndex } = recorded;
  const records = readRecords(bookFolder(place.root, place.book), day);
  let replay: Replay | null = null;
  for (const event of recorded.events()) {
    replay ??= new Replay(trader, program.paper, records);
    if (!replay.take(event)) break;
  }
  const outcome = replay?.end();
  if (outcome === undefined) throw new NotComparable(`${day} has a segment without an event`);
  const isDifferent = 0 < outcome.differences + outcome.broker.differences;
  if (!isDifferent) expectDigests(outcome, listDays(bookFolder(place.root, place.book)), day);
  const verdict = isDifferent ? ("different" as const) : ("equal" as const);
  return { verdict, fromIndex, snapshotIndex, outcome };
}

/**
 * A full disk or a power cut may have taken digests. What they stood for was held against nothing, so
 * the day is not found equal.
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
    `what ${lost} of ${undigested + compared.digests} steps of ${day} came to was not kept (a full disk, ` +
      "or a power cut); the others are equal",
  );
}

export type RecordedEvents = {
  /** As it was before the day's first event, once that was told. */
  readonly trader: Trader;
  /** Of the day's first event. */
  readonly fromIndex: number;
  /** Of the snapshot that the fold began with; 0: from the log's beginning. */
  readonly snapshotIndex: number;
  /** The day's, to be stepped by who asks. */
  readonly events: () => Generator<TraderEvent>;
};

/** @throws {NotComparable | TradingJournalError} where this program can't fold the day. */
export function openRecordedDay(
  place: TradingJournalPlace,
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
      const reader = new JournalReader(place, trader.nextIndex);
      const decoder = new TradingRecordDecoder();
      try {
        for (const record of reader.poll()) {
          if (day < record.day) break;
          if (record.kind === "definition") {
            decoder.define(record.payload);
            continue;
          }
          const event = decode(decoder, record);
          if (event.kind === "started") {
            assertSameProgram(event, program, `that started at event ${event.index}`);
          }
          if (record.day < day) stepTrader(trader, event);
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

function firstIndexOf(folder: string, book: string, day: string): number {
  const days = listDays(folder);
  if (!days.includes(day)) {
    const kept = days.length === 0 ? "none is kept" : `kept are ${days[0]} to ${days.at(-1)}`;
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

/** The state that the day began with, else the newest snapshot before it, else the log's beginning. */
function startBefore(folder: string, first: FirstEvent, program: ReplayProgram): Start {
  const begin = readDayBegin(folder, first.day);
  if (begin !== null && begin.snapshot.nextIndex === first.index) {
    assertSameProgram(begin, program, `that ran when ${first.day} began`);
    return restored(begin.snapshot, program);
  }
  const { snapshot } = latestSnapshot(folder, first.index - 1);
  if (snapshot !== null) return restored(decodeTraderSnapshot(snapshot.bytes), program);
  const trader = createTrader(program.trader);
  const oldest = listDays(folder)[0] ?? "";
  const { firstIndex } = headerOf(folder, oldest);
  if (firstIndex <= trader.nextIndex) return { trader, snapshotIndex: 0 };
  throw new NotComparable(
    `the segments before ${oldest}, events ${trader.nextIndex} to ${firstIndex - 1}, are missing, ` +
      "and no snapshot from before the day is kept",
  );
}

function restored(snapshot: TraderSnapshot, { trader: configuration }: ReplayProgram): Start {
  try {
    const trader = restoreFrom(configuration, snapshot);
    return { trader, snapshotIndex: snapshot.nextIndex - 1 };
  } catch (error) {
    throw new NotComparable(`the day begins with ${messageOf(error)}`, { cause: error });
  }
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
      `${other("file of its strategy", file, ownFile)}: put the file back to what it was`,
    );
  }
  if (configurationHash !== program.configurationHash) {
    throw new NotComparable(
      `${other("configuration", configurationHash, program.configurationHash)}: put the key ` +
        "'trader' back to what it was",
    );
  }
}

/** @throws {NotComparable} where no digests were kept: there is nothing to hold decisions against. */
function readRecords(folder: string, day: string): ReplayRecords {
  const digests = readOutcomes(folder, day);
  if (digests === null) {
    throw new NotComparable(`no outcomes of ${day} were recorded in ${join(folder, "outcomes")}`);
  }
  const trades = readTrades(folder);
  const snapshots = new Set(listSnapshots(folder));
  const following = listDays(folder).find((other) => day < other);
  // What the day ended with is what the next one began with.
  const next = following === undefined ? null : (readDayBegin(folder, following)?.snapshot ?? null);
  return {
    digestOf: (index) => digests.get(index),
    tradeOf: (index) => trades.get(index),
    lastTradeIndex: [...trades.keys()].at(-1) ?? 0,
    snapshotOf(index) {
      if (next !== null && next.nextIndex - 1 === index) return JSON.stringify(next);
      if (!snapshots.has(index)) return undefined;
      const { snapshot } = latestSnapshot(folder, index);
      return snapshot?.index === index ? snapshot.bytes.toString() : undefined;
    },
  };
}

function readTrades(folder: string): ReadonlyMap<number, string> {
  if (!namesIn(folder).includes("trades.jsonl")) return new Map();
  const lines = readFileSync(join(folder, "trades.jsonl"), "utf8").split("\n").slice(0, -1);
  return new Map(
    lines.flatMap((line) => {
      const { index, trade }: { index?: unknown; trade?: unknown } = JSON.parse(line);
      return typeof index === "number" ? [[index, JSON.stringify(trade)] as const] : [];
    }),
  );
}
