/** Scan files as chunks: reads them one by one into buffers that are reused. */
import { crc32 } from "node:zlib";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { codeOf, messageOf } from "../../../domain/failure.ts";
import { hashOf } from "../../../wire/scan-hash.ts";
import {
  HASH_BYTES,
  isSameUniverse,
  type ArchiveChunk,
  sliceChunk,
} from "../../../wire/day-file/archive-chunk.ts";
import { SCAN_FILE_BYTES_MAX } from "../../../domain/scan/scan.ts";
import { readScanFile } from "../read-scan-file.ts";
import type { DayFileEntry } from "./day-files.ts";
import type { ColumnReader, ReadColumns } from "./read-columns.ts";

export type LooseFiles = {
  readonly archive: string;
  /** In order. */
  readonly files: readonly DayFileEntry[];
  readonly seqOf: (file: string) => number;
  readonly reader: ColumnReader;
  /** Whether each file's SHA-256 is needed: it costs a quarter of the total time. */
  readonly withHashes: boolean;
  /** Called for a file that is not a scan, or not yet one. */
  readonly onRefused: (file: DayFileEntry, reason: string, detail: string) => void;
};

/** Chosen so that a chunk fits into the processor's cache. */
const CHUNK_BYTES = 512 * 1_024;
const CHUNK_ROWS_MAX = 1_024;
/** Files between two turns of the event loop: about five milliseconds. */
const TURN_FILES = 256;
const POOL_BYTES = 256 * 1_024;
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Each chunk is valid until the next one is requested. */
export async function* readLooseFiles(loose: LooseFiles): AsyncGenerator<ArchiveChunk> {
  const pool = Buffer.from(new ArrayBuffer(POOL_BYTES));
  const names: string[] = [];
  let arrays: Arrays | null = null;
  let count = 0;
  for (const entry of loose.files) {
    count += 1;
    if (count % TURN_FILES === 0) await nextTurn();
    const bytes = readEntry(loose, entry, pool);
    if (bytes === null) continue;
    const asked = loose.reader.read(bytes);
    const read = asked instanceof Promise ? await asked : asked;
    if (read.kind !== "columns") {
      const reason = read.kind === "invalid" ? read.reason : "truncated";
      loose.onRefused(entry, reason, read.detail);
      continue;
    }
    if (arrays !== null && !hasRoom(arrays, names.length, read)) {
      yield chunkFrom(arrays, names);
      names.length = 0;
      if (!isSameShape(arrays, read)) arrays = null;
    }
    arrays ??= arraysFor(read, loose.withHashes);
    put(arrays, names.length, {
      read,
      entry,
      checksum: crc32(bytes),
      seq: loose.seqOf(entry.name),
    });
    if (loose.withHashes) arrays.hashes.set(hashOf(bytes), names.length * HASH_BYTES);
    names.push(entry.name);
  }
  if (arrays !== null && 0 < names.length) yield chunkFrom(arrays, names);
}

/** Null for a file that is gone or refused. */
function readEntry(loose: LooseFiles, entry: DayFileEntry, pool: Buffer): Buffer | null {
  const path = `${loose.archive}/${entry.name}`;
  if (entry.size < POOL_BYTES) {
    const length = readInto(pool, path, entry.size);
    if (length === entry.size) return pool.subarray(0, length);
  }
  // Too large for the pool, or changed since it was listed: the slower, careful reader decides.
  const read = readScanFile(path);
  switch (read.kind) {
    case "read":
      return Buffer.from(new Uint8Array(read.bytes).buffer);
    case "gone":
      return null;
    case "changing":
      loose.onRefused(entry, "changing", "its size or time changed while it was read");
      return null;
    case "refused":
      loose.onRefused(entry, read.reason, read.detail);
      return null;
    case "failed":
      throw new Error(`${path} cannot be read: ${read.detail}`);
  }
}

/** The number of bytes read, at most one more than expected; -1 where the file cannot be opened. */
function readInto(pool: Buffer, path: string, expected: number): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, FLAGS);
  } catch (error) {
    if (codeOf(error) === undefined) throw new Error(messageOf(error), { cause: error });
    return -1;
  }
  try {
    return readSync(descriptor, pool, 0, Math.min(expected + 1, SCAN_FILE_BYTES_MAX), 0);
  } catch {
    return -1;
  } finally {
    closeSync(descriptor);
  }
}

type Arrays = Omit<ArchiveChunk, "rows" | "file"> & { readonly rowsMax: number };

function arraysFor({ assets, prices, eigenvalues }: ReadColumns, withHashes: boolean): Arrays {
  const rowBytes = 8 * (prices.length + eigenvalues.length) + HASH_BYTES;
  const rowsMax = Math.max(1, Math.min(CHUNK_ROWS_MAX, Math.floor(CHUNK_BYTES / rowBytes)));
  const numbers = () => new Float64Array(rowsMax);
  return {
    rowsMax,
    assets,
    prices: new Float64Array(rowsMax * assets.length),
    eigenvalues: new Float64Array(rowsMax * Math.max(assets.length, eigenvalues.length)),
    eigenvalueOffsets: new Int32Array(rowsMax + 1),
    timesUs: numbers(),
    fileTimeUs: numbers(),
    mtimeUs: numbers(),
    sizes: numbers(),
    seq: numbers(),
    scanNumber: numbers(),
    checksums: new Uint32Array(rowsMax),
    hashes: new Uint8Array(withHashes ? rowsMax * HASH_BYTES : 0),
  };
}

function hasRoom(arrays: Arrays, rows: number, read: ReadColumns): boolean {
  return (
    rows < arrays.rowsMax && isSameUniverse(arrays.assets, read.assets) && fits(arrays, rows, read)
  );
}

function isSameShape(arrays: Arrays, read: ReadColumns): boolean {
  return isSameUniverse(arrays.assets, read.assets) && fits(arrays, 0, read);
}

function fits(arrays: Arrays, rows: number, { eigenvalues }: ReadColumns): boolean {
  const used = rows === 0 ? 0 : arrays.eigenvalueOffsets[rows]!;
  return used + eigenvalues.length <= arrays.eigenvalues.length;
}

function put(
  arrays: Arrays,
  row: number,
  from: {
    readonly read: ReadColumns;
    readonly entry: DayFileEntry;
    readonly checksum: number;
    readonly seq: number;
  },
): void {
  const { read, entry } = from;
  const eigenvaluesAt = arrays.eigenvalueOffsets[row]!;
  arrays.prices.set(read.prices, row * read.prices.length);
  arrays.eigenvalues.set(read.eigenvalues, eigenvaluesAt);
  arrays.eigenvalueOffsets[row + 1] = eigenvaluesAt + read.eigenvalues.length;
  arrays.timesUs[row] = read.timestampUs;
  arrays.fileTimeUs[row] = entry.timeUs;
  arrays.mtimeUs[row] = entry.mtimeUs;
  arrays.sizes[row] = entry.size;
  arrays.seq[row] = from.seq;
  arrays.scanNumber[row] = read.scanNumber;
  arrays.checksums[row] = from.checksum;
}

function chunkFrom(arrays: Arrays, names: readonly string[]): ArchiveChunk {
  const kept = [...names];
  const file = (row: number): string => kept[row]!;
  return sliceChunk({ ...arrays, rows: arrays.rowsMax, file }, 0, kept.length);
}
