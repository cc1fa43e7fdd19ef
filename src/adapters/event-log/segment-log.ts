/**
 * One book's log as its trader writes it: one segment file per UTC day. Invariant: one process writes a book at a
 * time, indices rise by one across days, and an appended record survives any death of the process. A power failure
 * can take records appended after the last sync, always from the end.
 */
import { assert } from "../../domain/assert.ts";
import { type DirectoryLock, lockDirectory } from "../files/directory-lock.ts";
import { type OpenedSegments, openSegments } from "./segments/open-segments.ts";
import type { SegmentRecord } from "./segments/segment-cursor.ts";
import { bookFolder, segmentPath } from "./segments/segment-files.ts";
import { createSegment, SegmentWriter } from "./segments/segment-writer.ts";
import { SegmentLogError } from "./segments/segment-log-error.ts";

export type SegmentLogPlace = {
  /** The folder of all trading journals: `<data_dir>/journal/trading`. */
  readonly root: string;
  readonly book: string;
};

export const FIRST_EPOCH = 1;

export class SegmentLog {
  readonly book: string;
  readonly folder: string;
  /** What opening found and did, for the log. */
  readonly opened: OpenedSegments;
  readonly epoch: number;
  readonly #lock: DirectoryLock;
  #segment: SegmentWriter | null = null;
  #day = "";
  #nextIndex: number | null = null;
  #syncing: Promise<void> | null = null;

  /**
   * Opens or creates the journal for writing, under an epoch of at least the last written one; null: under that one,
   * as the host that wrote it. @throws {SegmentLogError} TRADING_JOURNAL_LOCKED, _FENCED, _DAMAGED, _VERSION,
   * _UNAVAILABLE.
   */
  constructor({ root, book }: SegmentLogPlace, epoch: number | null) {
    this.book = book;
    this.folder = bookFolder(root, book);
    this.#lock = lockBook(this.folder, book);
    try {
      this.opened = openSegments(this.folder, book);
      const { newest } = this.opened;
      this.epoch = epoch ?? Math.max(FIRST_EPOCH, newest?.lastEpoch ?? 0);
      if (newest === null) return;
      assertNotFenced(newest.lastEpoch, this.epoch);
      this.#segment = new SegmentWriter(newest.path, { offset: newest.offset, epoch: this.epoch });
      // Otherwise a torn end that reappears after a power failure would precede new records.
      this.#segment.sync();
      this.#day = newest.day;
      this.#nextIndex = newest.nextIndex;
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** The index that the next event must have; null while the journal is empty and any is accepted. */
  get nextIndex(): number | null {
    return this.#nextIndex;
  }

  /** The day of the present segment; empty before the first. */
  get day(): string {
    return this.#day;
  }

  /** Whether everything appended survives a power failure. */
  get isSynced(): boolean {
    return this.#segment?.isSynced ?? true;
  }

  /**
   * Starts a later day's segment; definitions must be written again. The day before is synced first. Returns false
   * where `day` is not later: when the clock goes back over midnight, writing continues in the newest day.
   */
  rollTo(day: string): boolean {
    if (day <= this.#day) return false;
    const before = this.#segment;
    before?.sync();
    this.#segment = null;
    before?.close();
    this.#day = day;
    return true;
  }

  /** @throws {SegmentLogError} TRADING_JOURNAL_INDEX or _UNAVAILABLE; then nothing was appended. */
  append(index: number, payload: Uint8Array): void {
    if (index !== this.#nextIndex) this.#beginAt(index);
    this.#writer(index).write("event", index, payload);
    this.#nextIndex = index + 1;
  }

  /**
   * `count` events with indices from `first` on, in one write; a payload may change once the next is asked for. Returns
   * how many were appended: fewer on a disk that became full in the middle. @throws {SegmentLogError} as `append`; then
   * none was appended.
   */
  appendAll(first: number, count: number, payloadOf: (nth: number) => Uint8Array): number {
    if (first !== this.#nextIndex) this.#beginAt(first);
    const appended = this.#writer(first).writeEvents(first, count, payloadOf);
    this.#nextIndex = first + appended;
    return appended;
  }

  /** Writes a definition that events from `index` on, the next one, refer to in this segment. */
  define(index: number, payload: Uint8Array): void {
    if (index !== this.#nextIndex) this.#beginAt(index);
    this.#writer(index).write("definition", index, payload);
    this.#nextIndex = index;
  }

  /** Writes another host's record, under its original epoch. */
  restore({ kind, index, epoch, payload }: SegmentRecord): void {
    if (index !== this.#nextIndex) this.#beginAt(index);
    const writer = this.#writer(index);
    writer.epoch = epoch;
    try {
      writer.write(kind, index, payload);
    } finally {
      writer.epoch = this.epoch;
    }
    this.#nextIndex = kind === "event" ? index + 1 : index;
  }

  /** Returns when everything appended survives a power failure; for live trading, before an order is sent. */
  sync(): void {
    this.#segment?.sync();
  }

  /** As `sync`, without blocking appends; concurrent calls share one sync. */
  async syncAside(): Promise<void> {
    if (this.#segment === null) return;
    this.#syncing ??= this.#segment.syncAside().finally(() => {
      this.#syncing = null;
    });
    await this.#syncing;
  }

  /** Syncs, and releases the lock. */
  close(): void {
    try {
      this.#segment?.sync();
    } finally {
      this.#segment?.close();
      this.#segment = null;
      this.#lock.release();
    }
  }

  #writer(index: number): SegmentWriter {
    if (this.#segment !== null) return this.#segment;
    assert(this.#day !== "", "a day was begun before its first event");
    const path = segmentPath(this.folder, this.#day);
    const header = { book: this.book, day: this.#day, firstIndex: index };
    this.#segment = createSegment(path, header, this.epoch);
    return this.#segment;
  }

  #beginAt(index: number): void {
    const isStart = this.#nextIndex === null && Number.isSafeInteger(index) && 0 <= index;
    if (isStart) return;
    throw new SegmentLogError(
      "TRADING_JOURNAL_INDEX",
      `index ${index} does not follow: the journal of ${this.book} continues with ${this.#nextIndex}`,
    );
  }
}

/** Syncs every `periodMs` if records were appended; `onError` reports that the journal is broken. */
export function syncPeriodically(
  journal: SegmentLog,
  { periodMs, onError }: { readonly periodMs: number; readonly onError: (error: unknown) => void },
): { stop(): void } {
  const timer = setInterval(() => {
    if (!journal.isSynced) journal.syncAside().catch(onError);
  }, periodMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
    },
  };
}

function lockBook(folder: string, book: string): DirectoryLock {
  const lock = lockDirectory(folder);
  if (lock !== null) return lock;
  throw new SegmentLogError(
    "TRADING_JOURNAL_LOCKED",
    `another process writes the journal of ${book} in ${folder}: a book has one trader; stop it first`,
  );
}

function assertNotFenced(found: number, epoch: number): void {
  if (found <= epoch) return;
  throw new SegmentLogError(
    "TRADING_JOURNAL_FENCED",
    `the journal was written under epoch ${found}, this trader has epoch ${epoch}`,
  );
}
