/**
 * One book's log as its trader writes it: a segment file a UTC day.
 *
 * Invariant: one process writes a book at a time, indices rise by one across days, and what was
 * appended survives any death of the process. A power cut can take what was appended after the last
 * sync, always from the end.
 */
import { assert } from "../../domain/assert.ts";
import { type DirectoryLock, lockDirectory } from "../directory-lock.ts";
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
  /** What opening found and did; for the log. */
  readonly opened: OpenedSegments;
  readonly epoch: number;
  readonly #lock: DirectoryLock;
  #segment: SegmentWriter | null = null;
  #day = "";
  #nextIndex: number | null = null;
  #syncing: Promise<void> | null = null;

  /**
   * Opens or creates the journal for writing, under an epoch of at least the one written last; null:
   * under that one, as the host that wrote it.
   * @throws {SegmentLogError} TRADING_JOURNAL_LOCKED, _FENCED, _DAMAGED, _VERSION, _UNAVAILABLE.
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
      // A torn end that comes back after a power cut would stand before what is appended now.
      this.#segment.sync();
      this.#day = newest.day;
      this.#nextIndex = newest.nextIndex;
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** The index that the next event must have; null while the journal is empty: any. */
  get nextIndex(): number | null {
    return this.#nextIndex;
  }

  /** The day whose segment is written; empty before the first. */
  get day(): string {
    return this.#day;
  }

  /** Whether everything appended survives a power cut. */
  get isSynced(): boolean {
    return this.#segment?.isSynced ?? true;
  }

  /**
   * What is appended from now on belongs to a later day; definitions must be made anew. The day
   * before is synced first. Returns false where `day` is not later: a clock that went back over
   * midnight writes on in the newest day.
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

  /** @throws {SegmentLogError} TRADING_JOURNAL_INDEX or _UNAVAILABLE; nothing was appended then. */
  append(index: number, payload: Uint8Array): void {
    if (index !== this.#nextIndex) this.#beginAt(index);
    this.#writer(index).write("event", index, payload);
    this.#nextIndex = index + 1;
  }

  /** Writes what the events from `index` on, the next one, refer to in this day's segment. */
  define(index: number, payload: Uint8Array): void {
    if (index !== this.#nextIndex) this.#beginAt(index);
    this.#writer(index).write("definition", index, payload);
    this.#nextIndex = index;
  }

  /** Writes a record that another host had written, under the epoch that it had there. */
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

  /** Returns when everything appended survives a power cut; for live, before an order goes out. */
  sync(): void {
    this.#segment?.sync();
  }

  /** As `sync`, without holding up who appends; calls while one is under way share it. */
  async syncAside(): Promise<void> {
    if (this.#segment === null) return;
    this.#syncing ??= this.#segment.syncAside().finally(() => {
      this.#syncing = null;
    });
    await this.#syncing;
  }

  /** Syncs, and lets another process write. */
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
      `index ${index} does not follow: the journal of ${this.book} goes on with ${this.#nextIndex}`,
    );
  }
}

/** Syncs every `periodMs` what was appended meanwhile; `onError` hears that the journal is broken. */
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
    `another process writes the journal of ${book} in ${folder}: one trader a book; stop it first`,
  );
}

function assertNotFenced(found: number, epoch: number): void {
  if (found <= epoch) return;
  throw new SegmentLogError(
    "TRADING_JOURNAL_FENCED",
    `the journal was written under epoch ${found}, this trader has epoch ${epoch}`,
  );
}
