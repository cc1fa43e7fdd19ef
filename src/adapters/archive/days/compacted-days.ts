/**
 * The compacted files of an archive: `<archive>/.compacted/YYYY-MM-DD.<SHA-256>.arrow`, a name that no reader takes
 * for a day folder. A day may have two for a moment: both are valid, and the newer one is used.
 */
import { closeSync, createReadStream, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { codeOf } from "../../../domain/failure.ts";
import { isDayFolder } from "../../../domain/scan/archive-names.ts";
import type { DayBlock, DayHeader } from "../../../wire/day-file/day-header.ts";
import {
  chunksOf,
  FOOTER_TAIL_BYTES,
  footerBytes,
  headerInFooter,
  readUniverses,
} from "../../../wire/day-file/day-batch.ts";
import type { ArchiveChunk } from "../../../wire/day-file/archive-chunk.ts";

export type CompactedDay = {
  readonly path: string;
  /** SHA-256 of its bytes, from its name. */
  readonly hash: string;
  readonly header: DayHeader;
  /** Each chunk is valid until the next one is requested. @throws {DamagedDayError} */
  chunks(): Generator<ArchiveChunk>;
  close(): void;
};

/** A block of a compacted file does not match its checksum. */
export class DamagedDayError extends Error {
  override readonly name = "DamagedDayError";
}

const FOLDER = ".compacted";
const GONE = "gone";
const NAME = /^(\d{4}-\d{2}-\d{2})\.([0-9a-f]{64})\.arrow$/;
/** A footer also holds the names of refused files. */
const FOOTER_BYTES_MAX = 64 * 1_048_576;
const BLOCK_BYTES_MAX = 256 * 1_048_576;

export function compactedFolder(archive: string): string {
  return join(archive, FOLDER);
}

export function compactedName(day: string, hash: string): string {
  return `${day}.${hash}.arrow`;
}

/** File names by day; empty where nothing was compacted. */
export function compactedNames(archive: string): ReadonlyMap<string, readonly string[]> {
  const byDay = new Map<string, string[]>();
  let names: readonly string[];
  try {
    names = readdirSync(compactedFolder(archive));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return byDay;
    throw error;
  }
  for (const name of names) {
    const day = NAME.exec(name)?.[1];
    if (day === undefined || !isDayFolder(day)) continue;
    byDay.set(day, [...(byDay.get(day) ?? []), name]);
  }
  return byDay;
}

/** The newest intact one of a day; null where there is none. */
export function openCompactedDay(
  archive: string,
  names: readonly string[],
  onProblem: (problem: string) => void,
): CompactedDay | null {
  const opened = names.flatMap((name) => {
    const opening = openDayFile(join(compactedFolder(archive), name), name);
    if (typeof opening !== "string") return [opening];
    if (opening !== GONE) onProblem(opening);
    return [];
  });
  const [newest, ...others] = opened.toSorted((a, b) => b.mtimeMs - a.mtimeMs);
  for (const other of others) other.day.close();
  return newest?.day ?? null;
}

/** Whether the content has the hash in the file's name; reads the whole file. */
export async function hasPromisedHash(day: Pick<CompactedDay, "path" | "hash">): Promise<boolean> {
  const found = createHash("sha256");
  for await (const part of createReadStream(day.path)) {
    if (part instanceof Uint8Array) found.update(part);
  }
  return found.digest("hex") === day.hash;
}

/** Opens a day file under any path; `name` is its intended name. A string result says why it cannot be trusted. */
export function openDayFile(
  path: string,
  name: string,
): { readonly day: CompactedDay; readonly mtimeMs: number } | string {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return GONE;
    return `${path} cannot be opened (${String(codeOf(error))}); the scan files are read instead`;
  }
  const day = dayIn(descriptor, path, name);
  if (day !== null) return { day, mtimeMs: fstatSync(descriptor).mtimeMs };
  closeSync(descriptor);
  return `${path} is damaged; the scan files are read instead ('dolphin archive compact' replaces it)`;
}

function dayIn(descriptor: number, path: string, name: string): CompactedDay | null {
  const [, day, hash = ""] = NAME.exec(name) ?? [];
  const header = readHeader(descriptor);
  if (header === null || header.day !== day) return null;
  let isOpen = true;
  return {
    path,
    hash,
    header,
    *chunks() {
      const universes = readUniverses(readBlock({ descriptor, path }, header.universes, null));
      const largest = Math.max(0, ...header.batches.map((block) => block.bytes));
      const pool = Buffer.from(new ArrayBuffer(Math.min(largest, BLOCK_BYTES_MAX)));
      for (const block of header.batches) {
        try {
          yield* chunksOf(readBlock({ descriptor, path }, block, pool), universes);
        } catch (error) {
          if (error instanceof RangeError) throw new DamagedDayError(`${path}: ${error.message}`);
          throw error;
        }
      }
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

function readHeader(descriptor: number): DayHeader | null {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(FOOTER_TAIL_BYTES);
  if (size < tail.length) return null;
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  const length = footerBytes(tail);
  if (length === null || size < length || FOOTER_BYTES_MAX < length) return null;
  const footer = Buffer.alloc(length);
  readSync(descriptor, footer, 0, length, size - length);
  return headerInFooter(footer);
}

/** @throws {DamagedDayError} when the checksum is wrong. */
function readBlock(
  file: { readonly descriptor: number; readonly path: string },
  block: DayBlock,
  pool: Buffer | null,
): Uint8Array {
  if (BLOCK_BYTES_MAX < block.bytes)
    throw new DamagedDayError(`${file.path}: a block is too large`);
  const bytes = (pool ?? Buffer.from(new ArrayBuffer(block.bytes))).subarray(0, block.bytes);
  const got = readSync(file.descriptor, bytes, 0, block.bytes, block.offset);
  if (got === block.bytes && crc32(bytes) === block.crc) return bytes;
  throw new DamagedDayError(`${file.path}: the block at byte ${block.offset} is damaged`);
}
