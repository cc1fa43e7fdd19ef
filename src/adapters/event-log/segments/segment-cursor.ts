/**
 * Reads one segment forward in bounded memory, also while it is being written. Unreadable bytes are judged by what
 * follows them. If no valid record follows, it is a torn end: a write that a crash or a power failure interrupted, or
 * that is in progress. If a valid record follows, bytes in the middle were changed: that is an error, never skipped.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import {
  decodeHeader,
  HEADER_BYTES,
  HEADER_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  RECORD_LAYOUT,
  RECORD_LAYOUT_V1,
  type RecordHead,
  type RecordKind,
  type RecordLayout,
  SEGMENT_VERSION,
  type SegmentHeader,
  versionNamed,
  versionOf,
} from "./segment-format.ts";
import { SegmentLogError } from "./segment-log-error.ts";
import { COUNTED_BOOK } from "../../../domain/trading/books.ts";

const CHUNK_BYTES = 256 * 1_024;
/** A crash tears a few records at most: a longer unreadable end is damage. */
const TORN_BYTES_MAX = 32 * 1_048_576;

export type SegmentRecord = {
  readonly kind: RecordKind;
  readonly index: number;
  readonly epoch: number;
  /** Valid until the next record is requested. */
  readonly payload: Buffer;
};

export class SegmentCursor {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly #fd: number;
  readonly #layout: RecordLayout;
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  /** Start of the part of the chunk that was read but not delivered. */
  #from = 0;
  #to = 0;
  #offset = HEADER_BYTES;
  #nextIndex: number;

  /** @throws {SegmentLogError} TRADING_JOURNAL_DAMAGED or TRADING_JOURNAL_VERSION. */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, "r");
    try {
      this.header = readHeader(this.#fd, path);
      this.#layout = layoutOf(this.header, path);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
    this.#nextIndex = this.header.firstIndex;
  }

  /** Offset of the next record: everything before it is valid and was delivered. */
  get offset(): number {
    return this.#offset;
  }

  /** The index of the next event, read or not. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  /**
   * Null at the present end. @throws {SegmentLogError} TRADING_JOURNAL_DAMAGED when a valid record follows an invalid
   * one.
   */
  next(): SegmentRecord | null {
    const { headBytes } = this.#layout;
    const head = this.#fill(headBytes) ? this.#layout.decodeHead(this.#chunk, this.#from) : null;
    if (head === null || !this.#fill(headBytes + head.payloadBytes) || !this.#isSound(head)) {
      this.#judgeTail();
      // The bytes may belong to a write in progress: they are read again the next time.
      this.#to = this.#from;
      return null;
    }
    if (head.kind === null) throw ofNewer(this.path, "a kind of record");
    if (head.index !== this.#nextIndex) this.#refuse(`index ${head.index} is there`);
    const start = this.#from + headBytes;
    const payload = this.#chunk.subarray(start, start + head.payloadBytes);
    this.#from = start + head.payloadBytes;
    this.#offset += headBytes + head.payloadBytes;
    if (head.kind === "event") this.#nextIndex++;
    return { kind: head.kind, index: head.index, epoch: head.epoch, payload };
  }

  /** Bytes after the last delivered record. */
  tailBytes(): number {
    return fstatSync(this.#fd).size - this.#offset;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #isSound(head: RecordHead): boolean {
    return this.#layout.isSound(this.#chunk, this.#from, head);
  }

  /** Whether the chunk has this many bytes from its start, after reading more if necessary. */
  #fill(bytes: number): boolean {
    if (bytes <= this.#to - this.#from) return true;
    if (this.#chunk.length < this.#from + bytes) {
      const roomy =
        bytes <= this.#chunk.length
          ? this.#chunk
          : Buffer.allocUnsafeSlow(Math.min(2 * bytes, PAYLOAD_BYTES_MAX + CHUNK_BYTES));
      this.#chunk.copy(roomy, 0, this.#from, this.#to);
      this.#chunk = roomy;
      this.#to -= this.#from;
      this.#from = 0;
    }
    while (this.#to - this.#from < bytes) {
      const position = this.#offset + this.#to - this.#from;
      const room = this.#chunk.length - this.#to;
      const read = readSync(this.#fd, this.#chunk, this.#to, room, position);
      if (read === 0) return false;
      this.#to += read;
    }
    return true;
  }

  #judgeTail(): void {
    const tailBytes = this.tailBytes();
    if (tailBytes <= this.#layout.headBytes) return;
    if (TORN_BYTES_MAX < tailBytes) this.#refuse(`${tailBytes} bytes can't be read`);
    const tail = Buffer.allocUnsafe(tailBytes);
    const read = readSync(this.#fd, tail, 0, tailBytes, this.#offset);
    const sound = findSound(tail.subarray(0, read), this.#layout, this.#nextIndex);
    // Of a write under way the record may have been read before its end was written, and the next one after: what
    // precedes a sound record is whole by the time at which that one is seen.
    if (sound === null || this.#isWholeByNow()) return;
    this.#refuse(`the record can't be read, but a sound one follows at ${this.#offset + sound}`);
  }

  #isWholeByNow(): boolean {
    const { headBytes } = this.#layout;
    const head = this.#layout.decodeHead(readBytes(this.#fd, headBytes, this.#offset), 0);
    if (head === null) return false;
    const record = readBytes(this.#fd, headBytes + head.payloadBytes, this.#offset);
    return record.length === headBytes + head.payloadBytes && this.#layout.isSound(record, 0, head);
  }

  #refuse(found: string): never {
    throw new SegmentLogError(
      "TRADING_JOURNAL_DAMAGED",
      `${this.path} is damaged at byte ${this.#offset}, where index ${this.#nextIndex} is due: ` +
        `${found}. Nothing was changed. Stop the trader, then either restore the file from a ` +
        "copy or from Postgres, or truncate the log: " +
        `'dolphin journal cut ${COUNTED_BOOK}' shows what would be lost, and moves it aside with --yes`,
    );
  }
}

/**
 * Offset of a valid record in a tail whose first record is invalid; null when there is none. A broken definition has
 * the index of the event after it, so the expected index is accepted, too.
 */
function findSound(tail: Buffer, layout: RecordLayout, indexDue: number): number | null {
  for (let at = 1; at + layout.headBytes <= tail.length; at++) {
    const head = layout.decodeHead(tail, at);
    if (head === null || head.index < indexDue) continue;
    if (tail.length < at + layout.headBytes + head.payloadBytes) continue;
    if (layout.isSound(tail, at, head)) return at;
  }
  return null;
}

/** Whether the file has no complete header and nothing valid: its creation was interrupted. A newer release's is none. */
export function isCreationTorn(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const size = fstatSync(fd).size;
    const start = readBytes(fd, HEADER_BYTES);
    if (HEADER_BYTES <= size && decodeHeader(start) !== null) return false;
    if (SEGMENT_VERSION < (versionNamed(start) ?? 0)) return false;
    if (TORN_BYTES_MAX < size) return false;
    const bytes = readBytes(fd, size);
    return (
      findSound(bytes, RECORD_LAYOUT, 0) === null && findSound(bytes, RECORD_LAYOUT_V1, 0) === null
    );
  } finally {
    closeSync(fd);
  }
}

function readHeader(fd: number, path: string): SegmentHeader {
  const start = readBytes(fd, HEADER_BYTES_MAX);
  const version = versionOf(start) ?? 0;
  if (SEGMENT_VERSION < version) throw ofNewer(path, `version ${version}`);
  const header = decodeHeader(start.subarray(0, HEADER_BYTES));
  if (header !== null) return header;
  throw new SegmentLogError(
    "TRADING_JOURNAL_DAMAGED",
    `${path} is damaged: its header can't be read. Restore the file from a copy or from ` +
      "Postgres; or give up this and later days by moving their files away",
  );
}

function layoutOf(header: SegmentHeader, path: string): RecordLayout {
  switch (header.version) {
    case 1:
      return RECORD_LAYOUT_V1;
    case SEGMENT_VERSION:
      return RECORD_LAYOUT;
    default:
      throw ofNewer(path, `version ${header.version}`);
  }
}

/** It may be a log of another program, too: its version is all that is known. */
function ofNewer(path: string, what: string): SegmentLogError {
  return new SegmentLogError(
    "TRADING_JOURNAL_VERSION",
    `${path} has ${what} that this release of DOLPHIN cannot read (up to version ${SEGMENT_VERSION}): ` +
      "run the newer release that wrote it, or restore a backup. Nothing was changed",
  );
}

function readBytes(fd: number, bytes: number, position = 0): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(fd, buffer, 0, bytes, position));
}
