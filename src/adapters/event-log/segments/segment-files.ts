/** The paths of a book's segments and snapshots, and file writes that survive a power failure. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert } from "../../../domain/assert.ts";
import { syncPath } from "../../files/sync-path.ts";
import { isBookName } from "./segment-format.ts";

const SEGMENT_NAME = /^(\d{4}-\d{2}-\d{2})\.seg$/;

/** The folder of all trading journals under a data directory. */
export function tradingRoot(dataDir: string): string {
  return join(dataDir, "journal", "trading");
}

/** The folder of one book under the folder of all trading journals. */
export function bookFolder(root: string, book: string): string {
  assert(isBookName(book), `a book's name is upper case, was '${book}'`);
  return join(root, book);
}

export function segmentPath(folder: string, day: string): string {
  assert(SEGMENT_NAME.test(`${day}.seg`), `a day is YYYY-MM-DD, was '${day}'`);
  return join(folder, `${day}.seg`);
}

/** Ascending; empty also when the folder does not exist. */
export function listSegmentDays(folder: string): readonly string[] {
  return fileNamesIn(folder)
    .flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? [])
    .toSorted();
}

export function fileNamesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** A reader finds the whole file or none, also after a power failure. */
export function writeWhole(path: string, parts: Iterable<Uint8Array>): void {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, "w", 0o640);
  try {
    for (const part of parts) writeAll(fd, part);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  syncPath(dirname(path));
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, null);
}
