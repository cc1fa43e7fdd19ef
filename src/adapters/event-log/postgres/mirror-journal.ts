/** Copies a book's log to Postgres, and from there to another host. */
import { crc32c } from "../segments/crc32c.ts";
import { endOfLog } from "../segments/log-end.ts";
import { bookFolder, listSegmentDays, segmentPath } from "../segments/segment-files.ts";
import { SegmentCursor } from "../segments/segment-cursor.ts";
import { SegmentLogError } from "../segments/segment-log-error.ts";
import { SegmentLogReader } from "../segment-log-reader.ts";
import { FIRST_EPOCH, SegmentLog, type SegmentLogPlace } from "../segment-log.ts";
import type { ClaimedBook, PostgresJournal, StoredRecord } from "./postgres-journal.ts";

const BATCH_RECORDS_MAX = 500;
const BATCH_BYTES_MAX = 4 * 1_048_576;

/** Follows a trader's log and appends it to Postgres, starting where Postgres ends. */
export class JournalMirror {
  readonly #place: SegmentLogPlace;
  readonly #postgres: PostgresJournal;
  readonly #epoch: number;
  #reader: SegmentLogReader | null = null;
  #pending: readonly StoredRecord[] = [];

  constructor(place: SegmentLogPlace, postgres: PostgresJournal, epoch: number) {
    this.#place = place;
    this.#postgres = postgres;
    this.#epoch = epoch;
  }

  /**
   * Sends one batch; returns its number of events, zero when Postgres has the whole log. @throws {SegmentLogError}
   * TRADING_JOURNAL_FENCED once another host has the book; after any other error the next call starts where Postgres
   * ends.
   */
  async sendBatch(): Promise<number> {
    const { book } = this.#place;
    try {
      this.#reader ??= await this.#openReader();
      const taken = [...this.#pending, ...takeBatch(this.#reader)];
      const end = taken.findLastIndex(({ kind }) => kind === "event") + 1;
      // A definition is sent together with the event that follows it, which may not be written yet.
      this.#pending = taken.slice(end);
      const batch = taken.slice(0, end);
      if (0 < end) await this.#postgres.append(book, this.#epoch, batch);
      return batch.filter(({ kind }) => kind === "event").length;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#reader?.close();
    this.#reader = null;
    this.#pending = [];
  }

  async #openReader(): Promise<SegmentLogReader> {
    const state = await this.#postgres.stateOf(this.#place.book);
    await checkSameHistory(this.#place, this.#postgres, state);
    return new SegmentLogReader(this.#place, state?.nextIndex ?? null);
  }
}

export type TakenOver = {
  /** The epoch under which this host must open the journal; all other hosts are fenced. */
  readonly epoch: number;
  readonly restoredEvents: number;
};

/**
 * Makes this host the owner of the book, at every start: writes the events that only Postgres has into local
 * segments, under their original epochs. If another host had the book last, the epoch rises and that host is fenced.
 * A longer local log is kept and sent later; a log that diverged is refused, and nobody is fenced. @throws
 * {SegmentLogError} TRADING_JOURNAL_FENCED where the two logs diverged.
 */
export async function takeOverBook(
  place: SegmentLogPlace,
  postgres: PostgresJournal,
): Promise<TakenOver> {
  const written = endOfLog(bookFolder(place.root, place.book)).epoch;
  const found = await postgres.stateOf(place.book);
  await checkSameHistory(place, postgres, found);
  // One host writes under an epoch, so a host that wrote under the book's present epoch still owns it.
  const isOwn = found?.epoch === written;
  const least = found === null ? Math.max(FIRST_EPOCH, written) : written + 1;
  const taken = isOwn ? found : await postgres.takeOver(place.book, least);
  const { epoch, nextIndex } = taken;
  const journal = new SegmentLog(place, epoch);
  try {
    // The events that the other host added until it was fenced.
    if (!isOwn) await checkSameHistory(place, postgres, taken);
    if (nextIndex === null) return { epoch, restoredEvents: 0 };
    const restoredEvents = await restore(journal, postgres, (journal.nextIndex ?? 0) - 1);
    return { epoch, restoredEvents };
  } finally {
    journal.close();
  }
}

async function restore(
  journal: SegmentLog,
  postgres: PostgresJournal,
  lastIndex: number,
): Promise<number> {
  let after = { index: lastIndex, definition: 0 };
  let events = 0;
  for (;;) {
    const batch = await postgres.read(journal.book, after, BATCH_RECORDS_MAX);
    const last = batch.at(-1);
    if (last === undefined) return events;
    for (const { record } of batch) {
      checkStored(journal.book, record);
      journal.rollTo(record.day);
      journal.restore(record);
      if (record.kind === "event") events++;
    }
    after = { index: last.record.index, definition: last.definition };
  }
}

/**
 * One host writes under an epoch, so if the newest common event has the same epoch and bytes in both logs, the logs
 * are equal up to it.
 */
async function checkSameHistory(
  place: SegmentLogPlace,
  postgres: PostgresJournal,
  state: ClaimedBook | null,
): Promise<void> {
  const { nextIndex } = endOfLog(bookFolder(place.root, place.book));
  const due = state?.nextIndex ?? null;
  if (nextIndex === null || due === null) return;
  const index = Math.min(nextIndex, due) - 1;
  const { mine, theirs, isSame } = await bothAt(place, postgres, index);
  if (isSame) return;
  const common = await lastCommon(place, postgres, index);
  throw new SegmentLogError(
    "TRADING_JOURNAL_FENCED",
    `the local log of ${place.book} is not the one in Postgres: event ${index} is of epoch ` +
      `${mine?.epoch} here and ${theirs?.epoch} there, with other bytes. Another host continued the ` +
      `book. 'dolphin journal cut ${place.book} --after ${common}' shows what only the local log has, and moves it aside ` +
      "with --yes; then start again",
  );
}

async function bothAt(place: SegmentLogPlace, postgres: PostgresJournal, index: number) {
  const mine = eventAt(place, index);
  const [stored] = await postgres.read(place.book, { index, definition: -1 }, 1);
  const theirs = stored?.record.index === index ? stored.record : null;
  const isSame = mine?.epoch === theirs?.epoch && mine?.crc === theirs?.crc;
  return { mine, theirs, isSame };
}

/** Logs that diverged stay different, so bisection finds the place. */
async function lastCommon(
  place: SegmentLogPlace,
  postgres: PostgresJournal,
  differing: number,
): Promise<number> {
  let same = firstIndexOf(place) - 1;
  let other = differing;
  while (1 < other - same) {
    const middle = Math.floor((same + other) / 2);
    if ((await bothAt(place, postgres, middle)).isSame) same = middle;
    else other = middle;
  }
  return same;
}

function firstIndexOf({ root, book }: SegmentLogPlace): number {
  const folder = bookFolder(root, book);
  const cursor = new SegmentCursor(segmentPath(folder, listSegmentDays(folder)[0] ?? ""));
  cursor.close();
  return cursor.header.firstIndex;
}

function eventAt(place: SegmentLogPlace, index: number) {
  const reader = new SegmentLogReader(place, index);
  try {
    for (const { kind, epoch, payload } of reader.poll()) {
      if (kind === "event") return { epoch, crc: crc32c(payload, 0, payload.length) };
    }
    return null;
  } finally {
    reader.close();
  }
}

function takeBatch(reader: SegmentLogReader): StoredRecord[] {
  const batch: StoredRecord[] = [];
  let bytes = 0;
  for (const { kind, index, epoch, day, payload } of reader.poll()) {
    const crc = crc32c(payload, 0, payload.length);
    batch.push({ kind, index, epoch, day, crc, payload: Buffer.from(payload) });
    bytes += payload.length;
    if (BATCH_RECORDS_MAX <= batch.length || BATCH_BYTES_MAX < bytes) break;
  }
  return batch;
}

function checkStored(book: string, record: StoredRecord): void {
  if (crc32c(record.payload, 0, record.payload.length) === record.crc) return;
  throw new SegmentLogError(
    "TRADING_JOURNAL_DAMAGED",
    `event ${record.index} of ${book} is damaged in Postgres: restore that database from its backup`,
  );
}
