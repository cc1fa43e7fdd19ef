/**
 * Reads a book's log across its days, in order, also while a trader writes it: each poll continues where the previous
 * one ended.
 */
import { existsSync, statSync } from "node:fs";
import { wallMs } from "../clock.ts";
import { checkBelongs, tornInTheMiddle } from "./segments/open-segments.ts";
import { isCreationTorn, SegmentCursor, type SegmentRecord } from "./segments/segment-cursor.ts";
import { bookFolder, listSegmentDays, segmentPath } from "./segments/segment-files.ts";
import { SegmentLogError } from "./segments/segment-log-error.ts";
import type { SegmentLogPlace } from "./segment-log.ts";

/** Definitions are delivered from the start of the segment that holds the first event. */
export type JournalRecord = SegmentRecord & { readonly day: string };

/** A change of a folder may have the same time as one before it: some disks count in seconds. */
const SETTLED_MS = 2_100;

export class SegmentLogReader {
  readonly #folder: string;
  readonly #book: string;
  readonly #from: number | null;
  #cursor: SegmentCursor | null = null;
  /** The end of the present segment was read once more after the next segment appeared. */
  #isLastRead = false;
  /** The folder has no later day as long as this is its time of change. */
  #noLaterDayMs: number | null = null;

  /** Starts with the event of index `from`; null: the oldest available. */
  constructor({ root, book }: SegmentLogPlace, from: number | null) {
    this.#folder = bookFolder(root, book);
    this.#book = book;
    this.#from = from;
  }

  /**
   * The records from the end of the last poll to the present end of the log; a payload is valid until the next
   * record. After leaving the loop early the next poll continues. @throws {SegmentLogError} TRADING_JOURNAL_DAMAGED,
   * _VERSION, or _GONE when retention has deleted the requested events.
   */
  *poll(): Generator<JournalRecord> {
    this.#cursor ??= this.#openFirst();
    while (this.#cursor !== null) {
      const record = this.#cursor.next();
      if (record !== null) {
        this.#isLastRead = false;
        if (record.kind === "event" && record.index < (this.#from ?? 0)) continue;
        yield { ...record, day: this.#cursor.header.day };
      } else if (!this.#moveOn(this.#cursor)) {
        return;
      }
    }
  }

  close(): void {
    this.#cursor?.close();
    this.#cursor = null;
    this.#noLaterDayMs = null;
  }

  #openFirst(): SegmentCursor | null {
    const days = this.#readable(listSegmentDays(this.#folder));
    for (const day of days.toReversed()) {
      const cursor = this.#open(day);
      if (cursor.header.firstIndex <= (this.#from ?? -1)) return cursor;
      const isOldest = day === days[0];
      if (isOldest && this.#from === null) return cursor;
      cursor.close();
      if (isOldest) this.#refuseGone(cursor.header.firstIndex);
    }
    return null;
  }

  /** At the end of a segment: true when the next day's segment was opened, or more was appended. */
  #moveOn(cursor: SegmentCursor): boolean {
    const next = this.#laterDay(cursor.header.day);
    if (next === undefined) return false;
    if (cursor.tailBytes() !== 0) {
      // Records may have been appended between the last read and the start of the next day; after one more read there
      // can be none.
      if (this.#isLastRead) throw tornInTheMiddle(cursor);
      this.#isLastRead = true;
      return true;
    }
    const following = this.#open(next);
    if (following.header.firstIndex !== cursor.nextIndex) {
      following.close();
      throw new SegmentLogError(
        "TRADING_JOURNAL_DAMAGED",
        `${following.path} begins with index ${following.header.firstIndex}, but ` +
          `${cursor.path} ends before ${cursor.nextIndex}: a day between them is missing. Put it ` +
          "back from a copy or from Postgres",
      );
    }
    cursor.close();
    this.#cursor = following;
    this.#isLastRead = false;
    return true;
  }

  /** A reader at the end of the log asks many times a second: the folder is listed only after it was changed. */
  #laterDay(present: string): string | undefined {
    const nowMs = wallMs();
    const changedMs = statSync(this.#folder, { throwIfNoEntry: false })?.ctimeMs ?? null;
    if (changedMs !== null && changedMs === this.#noLaterDayMs) return undefined;
    const days = listSegmentDays(this.#folder);
    const isSettled = changedMs !== null && changedMs + SETTLED_MS < nowMs;
    // A day that is half created gets its header without a change of the folder.
    this.#noLaterDayMs = isSettled && days.at(-1) === present ? changedMs : null;
    return this.#readable(days).find((day) => present < day);
  }

  #open(day: string): SegmentCursor {
    const cursor = new SegmentCursor(segmentPath(this.#folder, day));
    try {
      checkBelongs(cursor, this.#book);
      return cursor;
    } catch (error) {
      cursor.close();
      throw error;
    }
  }

  /** Without a newest one that a crash left half created: its writer removes it. */
  #readable(days: readonly string[]): readonly string[] {
    const newest = days.at(-1);
    if (newest === undefined) return days;
    const path = segmentPath(this.#folder, newest);
    return existsSync(path) && isCreationTorn(path) ? days.slice(0, -1) : days;
  }

  #refuseGone(oldest: number): never {
    throw new SegmentLogError(
      "TRADING_JOURNAL_GONE",
      `index ${this.#from} of ${this.#book} is no longer stored: the oldest is ${oldest}. Begin ` +
        "there, from a snapshot, or from Postgres",
    );
  }
}
