/** Prepares a book's folder for writing: migrates old versions, truncates a torn end, and refuses everything else. */
import { rmSync, statSync, truncateSync } from "node:fs";
import { endOfLog } from "./log-end.ts";
import { migrateSegment } from "./migrate-segment.ts";
import { isCreationTorn, SegmentCursor } from "./segment-cursor.ts";
import { listSegmentDays, fileNamesIn, segmentPath } from "./segment-files.ts";
import { SEGMENT_VERSION } from "./segment-format.ts";
import { SegmentLogError } from "./segment-log-error.ts";
import { COUNTED_BOOK } from "../../../domain/trading/books.ts";
import { join } from "node:path";
import { syncPath } from "../../files/sync-path.ts";

/** The torn end of a file that was truncated. */
export type TornTail = {
  readonly path: string;
  readonly keptBytes: number;
  readonly cutBytes: number;
};

/** The newest segment, read to its end. */
export type NewestSegment = {
  readonly day: string;
  readonly path: string;
  readonly offset: number;
  readonly nextIndex: number;
  readonly lastEpoch: number;
  /** The definitions that later events in it may refer to. */
  readonly definitions: readonly Buffer[];
};

export type OpenedSegments = {
  readonly newest: NewestSegment | null;
  readonly torn: readonly TornTail[];
  /** Files that had an earlier version. */
  readonly migrated: readonly string[];
};

/** @throws {SegmentLogError} TRADING_JOURNAL_DAMAGED or TRADING_JOURNAL_VERSION. */
export function openSegments(folder: string, book: string): OpenedSegments {
  for (const name of fileNamesIn(folder)) {
    if (name.endsWith(".seg.tmp")) rmSync(join(folder, name));
  }
  const torn: TornTail[] = [];
  const days = [...listSegmentDays(folder)];
  for (let day = days.at(-1); day !== undefined; day = days.at(-1)) {
    const path = segmentPath(folder, day);
    if (!isCreationTorn(path)) break;
    torn.push({ path, keptBytes: 0, cutBytes: statSync(path).size });
    rmSync(path);
    syncPath(folder);
    days.pop();
  }
  const migrated = days
    .map((day) => segmentPath(folder, day))
    .filter((path, at) => migrateIfOld(path, { book, isNewest: at === days.length - 1, torn }));
  const day = days.at(-1);
  const newest = day === undefined ? null : readNewest(segmentPath(folder, day), book, torn);
  if (newest === null || 0 < newest.lastEpoch) return { newest, torn, migrated };
  // A day that was started and got no record before its writer died.
  return { newest: { ...newest, lastEpoch: endOfLog(folder).epoch }, torn, migrated };
}

function migrateIfOld(
  path: string,
  found: { readonly book: string; readonly isNewest: boolean; readonly torn: TornTail[] },
): boolean {
  const cursor = new SegmentCursor(path);
  try {
    checkBelongs(cursor, found.book);
    if (cursor.header.version === SEGMENT_VERSION) return false;
    migrateSegment(cursor);
    const cutBytes = cursor.tailBytes();
    if (0 < cutBytes) {
      if (!found.isNewest) throw tornInTheMiddle(cursor);
      found.torn.push({ path, keptBytes: cursor.offset, cutBytes });
    }
    return true;
  } finally {
    cursor.close();
  }
}

function readNewest(path: string, book: string, torn: TornTail[]): NewestSegment {
  const cursor = new SegmentCursor(path);
  try {
    checkBelongs(cursor, book);
    const definitions: Buffer[] = [];
    let lastEpoch = 0;
    for (let record = cursor.next(); record !== null; record = cursor.next()) {
      lastEpoch = record.epoch;
      if (record.kind === "definition") definitions.push(Buffer.from(record.payload));
    }
    const { offset, nextIndex } = cursor;
    const cutBytes = cursor.tailBytes();
    if (0 < cutBytes) {
      torn.push({ path, keptBytes: offset, cutBytes });
      truncateSync(path, offset);
    }
    return { day: cursor.header.day, path, offset, nextIndex, lastEpoch, definitions };
  } finally {
    cursor.close();
  }
}

/** A file copied from elsewhere must not be taken for this book's log. */
export function checkBelongs(cursor: SegmentCursor, book: string): void {
  const { header, path } = cursor;
  if (header.book === book && path.endsWith(`${header.day}.seg`)) return;
  throw new SegmentLogError(
    "TRADING_JOURNAL_DAMAGED",
    `${path} holds ${header.day} of ${header.book}: it is in the wrong folder; move it back`,
  );
}

/** @returns the error for a segment with a torn end although a newer one follows it. */
export function tornInTheMiddle(cursor: SegmentCursor): SegmentLogError {
  return new SegmentLogError(
    "TRADING_JOURNAL_DAMAGED",
    `${cursor.path} is damaged: ${cursor.tailBytes()} bytes from ${cursor.offset} on can't be read, ` +
      `and later days follow. Restore the file from a copy or from Postgres, or truncate the log: ` +
      `'dolphin journal cut ${COUNTED_BOOK} --after ${cursor.nextIndex - 1}' shows what would be lost, and moves it ` +
      "aside with --yes",
  );
}
