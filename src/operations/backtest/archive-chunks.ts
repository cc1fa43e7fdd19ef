/**
 * The archive as the backtester reads it: views of the reader's columns, times in milliseconds, and a hash of
 * everything that was read. Invariant: the hash depends on the scans, not on whether they were in scan files or in
 * compacted ones.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ScanChunk } from "../../domain/backtest/backtest-run.ts";
import { dayOfFile } from "../../domain/scan/archive-names.ts";
import {
  createArchiveClock,
  STAMP_TOLERANCE_MS,
  takeStamp,
} from "../../domain/scan/archive-clock.ts";
import { messageOf } from "../../domain/failure.ts";
import { MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import type { ArchiveChunk } from "../../wire/day-file/archive-chunk.ts";
import type { PassCounts, PassSnapshot } from "../../wire/backtest/run-checkpoint.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { type ArchiveFunding, openFunding } from "../../adapters/archive/read-funding.ts";
import { readScans, startOfReading } from "../../adapters/archive/days/read-scans.ts";
import {
  createBooksHash,
  openRecordedBooks,
  type RecordedBooks,
} from "./recorded/books-as-recorded.ts";
import { openRecorded, type RecordedFeatures } from "./recorded/features-as-recorded.ts";
import { BacktestRefused } from "./backtest-refused.ts";
import { addToDataHash, createDataHash, dataHashOf } from "./data-hash.ts";

export type ArchiveRange = {
  readonly archive: string;
  /** First and last day folder, inclusive; null: no limit. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whether any number of scans may be out of order. */
  readonly acceptDisorder?: boolean;
  /** The store of indicator readings; absent: none. */
  readonly readings?: string | null;
  /** The folder of recorded order books; absent: none. */
  readonly books?: string | null;
  /** The strategy's inputs; absent: no readings are needed. */
  readonly inputs?: readonly string[];
  /** How old these may be. */
  readonly budgetsMs?: Readonly<Record<string, number>>;
};

export type PassChunk = ScanChunk & Required<Pick<ScanChunk, "asOfMs" | "scanNumbers">>;

export type ArchivePass = {
  /** Each chunk is valid until the next one is requested. */
  chunks(): AsyncGenerator<PassChunk>;
  /** The hash of the scans read so far. */
  dataHash(): string;
  /** The position after the last chunk: another pass over the same range continues there. */
  snapshot(): PassSnapshot;
  readonly counts: PassCounts;
  /** The recorded readings of the strategy's indicators. */
  readonly recorded: RecordedFeatures;
  /** The recorded order books that the strategy declares. */
  readonly books: RecordedBooks;
  /** @throws {BacktestRefused} when too many of the scans read so far went back in time. */
  expectOrder(): void;
};

/** Longest time between two turns of the event loop, so that signals are handled. */
const TURN_MS = 50;
/** Tolerated share of scans: a writer's clock that was set back slightly does not invalidate the archive. */
const BACKWARDS_SHARE_MAX = 0.001;
const NOTHING = new Float64Array(0);

/** `snapshot`: of an earlier pass; null: start at the range's beginning. */
export function openArchivePass(
  range: ArchiveRange,
  onProblem: (problem: string) => void,
  snapshot: PassSnapshot | null = null,
): ArchivePass {
  const { archive, from, acceptDisorder = false } = range;
  const state = stateFrom(snapshot);
  const { counts, hash, place, refused, reordered } = state;
  const funding = fundingOf({ archive, from });
  const recorded = openRecorded(range);
  const books = openRecordedBooks(range, state.books, state.clock.nowMs);
  const buffers = { timesMs: NOTHING, asOfMs: NOTHING, eigenvalues: NOTHING };
  const source = sourceOf(range, state, onProblem);
  return {
    counts,
    recorded,
    books,
    dataHash: () => hashedWith([funding, recorded, books], dataHashOf(hash), state.clock.nowMs),
    snapshot() {
      const { seen, done, last } = place;
      const { clock, books: given } = state;
      const read = { seen: seen.dump(), done, last };
      return { counts, hash, books: given, clock, refused, reordered, ...read };
    },
    expectOrder() {
      const { scans, backwards } = counts;
      if (acceptDisorder || backwards <= scans * BACKWARDS_SHARE_MAX) return;
      throw new BacktestRefused(disorderText(archive, counts));
    },
    async *chunks() {
      let turnMs = monotonicMs();
      for await (const chunk of readScans(archive, source)) {
        if (chunk.rows === 0) continue;
        if (turnMs + TURN_MS < monotonicMs()) {
          await nextTurn();
          turnMs = monotonicMs();
        }
        makeRoom(buffers, chunk.rows);
        addToDataHash(hash, chunk);
        const beforeMs = state.clock.nowMs;
        judgeTimes(state, chunk, buffers);
        largestEigenvalues(chunk, buffers.eigenvalues);
        counts.scans += chunk.rows;
        yield {
          ...columnsOf(chunk, buffers),
          funding: funding.settled(beforeMs, state.clock.nowMs),
          features: recorded.until(state.clock.nowMs),
          books: books.until(buffers.timesMs, chunk.rows),
        };
      }
    },
  };
}

type PassState = ReturnType<typeof stateFrom>;

function sourceOf(
  { from, to }: ArchiveRange,
  { counts, place, refused, reordered }: PassState,
  onProblem: (problem: string) => void,
) {
  return {
    from,
    to,
    place,
    onProblem,
    onRefused: (file: string) => {
      const day = file.slice(0, file.indexOf("/"));
      refused.set(day, (refused.get(day) ?? 0) + 1);
      counts.refused += 1;
    },
    onDuplicate: () => {
      counts.duplicates += 1;
    },
    onReordered: (day: string, moved: number) => {
      // A day that had been started before is ordered again.
      counts.reordered += moved - (reordered.get(day) ?? 0);
      reordered.set(day, moved);
      counts.reorderedDays = reordered.size;
    },
  };
}

function hashedWith(
  beside: readonly Pick<RecordedFeatures, "hashedInto">[],
  dataHash: string,
  toMs: number,
): string {
  return beside.reduce((hash, one) => one.hashedInto(hash, toMs), dataHash);
}

function fundingOf({ archive, from }: Pick<ArchiveRange, "archive" | "from">): ArchiveFunding {
  try {
    return openFunding(archive, from === null ? -Infinity : Date.parse(`${from}T00:00:00Z`));
  } catch (error) {
    throw new BacktestRefused(messageOf(error));
  }
}

type Buffers = { timesMs: Float64Array; asOfMs: Float64Array; eigenvalues: Float64Array };

function columnsOf(chunk: ArchiveChunk, buffers: Buffers): PassChunk {
  return {
    assets: chunk.assets,
    count: chunk.rows,
    timesMs: buffers.timesMs,
    asOfMs: buffers.asOfMs,
    scanNumbers: chunk.scanNumber,
    prices: chunk.prices,
    eigenvalues: buffers.eigenvalues,
    eigenvalueCount: 1,
    carried: NOTHING,
  };
}

function makeRoom(buffers: Buffers, rows: number): void {
  if (rows <= buffers.timesMs.length) return;
  buffers.timesMs = new Float64Array(rows);
  buffers.asOfMs = new Float64Array(rows);
  buffers.eigenvalues = new Float64Array(rows);
}

function stateFrom(snapshot: PassSnapshot | null) {
  const place = startOfReading();
  if (snapshot === null) {
    return {
      counts: {
        scans: 0,
        refused: 0,
        duplicates: 0,
        backwards: 0,
        ahead: 0,
        reordered: 0,
        reorderedDays: 0,
      },
      hash: createDataHash(),
      books: createBooksHash(),
      clock: createArchiveClock(),
      reordered: new Map<string, number>(),
      /** By day. */
      refused: new Map<string, number>(),
      place,
    };
  }
  const { counts, refused, seen, done, last } = snapshot;
  place.seen.load(seen);
  // An unfinished day is listed again, and its refused files are reported again.
  for (const [day, count] of refused) {
    if (done.has(day)) continue;
    counts.refused -= count;
    refused.delete(day);
  }
  return { ...snapshot, place: { ...place, done, last } };
}

/** As a live book would judge them on arrival: a timestamp advances the clock unless it is rejected. */
function judgeTimes(
  { clock, counts }: Pick<PassSnapshot, "counts" | "clock">,
  chunk: ArchiveChunk,
  into: Pick<Buffers, "timesMs" | "asOfMs">,
): void {
  let day = "";
  let dayEndMs = 0;
  for (let row = 0; row < chunk.rows; row += 1) {
    const stampMs = chunk.timesUs[row]! / US_PER_MS;
    const fileMs = chunk.fileTimeUs[row]! / US_PER_MS;
    // Names are only looked up where they may be needed.
    if (fileMs + STAMP_TOLERANCE_MS < stampMs) {
      const found = dayOfFile(chunk.file(row));
      if (found !== day) dayEndMs = Date.parse(`${found}T00:00:00Z`) + MS_PER_DAY;
      day = found;
    }
    const verdict = takeStamp(clock, { stampMs, fileMs, dayEndMs });
    if (verdict === "ahead") counts.ahead += 1;
    if (verdict === "behind") counts.backwards += 1;
    into.timesMs[row] = clock.nowMs;
    into.asOfMs[row] = stampMs;
  }
}

function disorderText(archive: string, { scans, backwards }: PassCounts): string {
  const share = ((100 * backwards) / scans).toPrecision(2);
  return (
    `${backwards} of ${scans} scans in ${archive} (${share} %) go back in time: the writer's clock was set ` +
    "back, or the order is lost; --accept-disorder (accept_disorder) runs them in this order, with stale scans"
  );
}

/** Strategies only see the largest eigenvalue. */
function largestEigenvalues(chunk: ArchiveChunk, into: Float64Array): void {
  const { eigenvalues, eigenvalueOffsets } = chunk;
  for (let row = 0; row < chunk.rows; row += 1) {
    const at = eigenvalueOffsets[row]!;
    into[row] = at < eigenvalueOffsets[row + 1]! ? eigenvalues[at]! : Number.NaN;
  }
}
