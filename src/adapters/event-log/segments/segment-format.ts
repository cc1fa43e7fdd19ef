/**
 * The bytes of a segment: a header, then records one after the other, little-endian.
 *
 * Header (64): magic 8, version u16, own size u16, day u32 (20260325), first index u64, book 32
 * (ASCII, zeros after it), zeros 4, CRC-32C of all before it.
 * Record (24 and payload): CRC-32C of all after it, payload bytes u32, index u64, epoch u32, kind u32.
 *
 * Invariant: events carry gapless indices from the header's first one; a definition carries the
 * index of the event that follows it, and counts for its own segment only.
 */
import { assert } from "../../../domain/assert.ts";
import { crc32c } from "./crc32c.ts";

export const SEGMENT_VERSION = 2;
export const HEADER_BYTES = 64;
export const RECORD_HEAD_BYTES = 24;
/** The columns and names of the largest scan are below 1 MiB. */
export const PAYLOAD_BYTES_MAX = 8 * 1_048_576;

const MAGIC = Buffer.from("DLPHSEG\n", "latin1");
const BOOK_BYTES_MAX = 32;
const UINT32_SIZE = 4_294_967_296;

export type SegmentHeader = {
  readonly version: number;
  readonly book: string;
  /** `2026-03-25`. */
  readonly day: string;
  readonly firstIndex: number;
};

/** An event of the log, or a definition that later events of the same segment refer to. */
export type RecordKind = "event" | "definition";

const KINDS: readonly RecordKind[] = ["event", "definition"];
/** Larger numbers are no kinds of any release. */
const KIND_MAX = 255;

/** The head of a record as stored: nothing is verified yet. */
export type RecordHead = {
  readonly crc: number;
  readonly payloadBytes: number;
  readonly index: number;
  readonly epoch: number;
  /** Null: of a newer release. A record that is sound by its checksum must not be taken for a torn one. */
  readonly kind: RecordKind | null;
};

export function encodeHeader(header: Omit<SegmentHeader, "version">): Buffer {
  assert(isBookName(header.book), "a book's name fits into a header");
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt16LE(SEGMENT_VERSION, 8);
  bytes.writeUInt16LE(HEADER_BYTES, 10);
  bytes.writeUInt32LE(Number(header.day.replaceAll("-", "")), 12);
  writeIndex(bytes, header.firstIndex, 16);
  bytes.write(header.book, 24, "latin1");
  bytes.writeUInt32LE(crc32c(bytes, 0, HEADER_BYTES - 4), HEADER_BYTES - 4);
  return bytes;
}

/** The version that the file's first bytes name, damaged or not; null where they are no header's. */
export function versionNamed(bytes: Buffer): number | null {
  if (bytes.length < MAGIC.length + 4 || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return null;
  return bytes.readUInt16LE(MAGIC.length);
}

/** As `versionNamed`, if the header is sound by the size that it names itself, which may be another than ours. */
export function versionOf(bytes: Buffer): number | null {
  const version = versionNamed(bytes);
  if (version === null) return null;
  const crcAt = bytes.readUInt16LE(MAGIC.length + 2) - 4;
  const isWhole = MAGIC.length + 4 <= crcAt && crcAt + 4 <= bytes.length;
  return isWhole && crc32c(bytes, 0, crcAt) === bytes.readUInt32LE(crcAt) ? version : null;
}

/** Larger headers are no headers of any release. */
export const HEADER_BYTES_MAX = 4_096;

/** Null when the bytes are not a complete header of this layout. */
export function decodeHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (crc32c(bytes, 0, HEADER_BYTES - 4) !== bytes.readUInt32LE(HEADER_BYTES - 4)) return null;
  const digits = String(bytes.readUInt32LE(12)).padStart(8, "0");
  return {
    version: bytes.readUInt16LE(8),
    book: bytes.toString("latin1", 24, 24 + BOOK_BYTES_MAX).replace(/\0+$/, ""),
    day: `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`,
    firstIndex: readIndex(bytes, 16),
  };
}

/** Without the checksum, which is written last. */
export type SealedHead = Omit<RecordHead, "crc"> & { readonly kind: RecordKind };

/** Writes the head at `at`, before a payload that is in `bytes` already; the checksum comes last. */
export function sealRecord(bytes: Buffer, at: number, head: SealedHead): void {
  bytes.writeUInt32LE(head.payloadBytes, at + 4);
  writeIndex(bytes, head.index, at + 8);
  bytes.writeUInt32LE(head.epoch, at + 16);
  bytes.writeUInt32LE(KINDS.indexOf(head.kind), at + 20);
  bytes.writeUInt32LE(crc32c(bytes, at + 4, at + RECORD_HEAD_BYTES + head.payloadBytes), at);
}

/** How to read the records of one format version. */
export type RecordLayout = {
  readonly headBytes: number;
  /** Null when these can't be the first bytes of a record, whatever follows. */
  decodeHead(bytes: Buffer, at: number): RecordHead | null;
  /** Whether the complete record at `at` matches its checksum. */
  isSound(bytes: Buffer, at: number, head: RecordHead): boolean;
};

export const RECORD_LAYOUT: RecordLayout = {
  headBytes: RECORD_HEAD_BYTES,
  decodeHead(bytes, at) {
    const kind = bytes.readUInt32LE(at + 20);
    if (KIND_MAX < kind) return null;
    return soundHead({
      crc: bytes.readUInt32LE(at),
      payloadBytes: bytes.readUInt32LE(at + 4),
      index: readIndex(bytes, at + 8),
      epoch: bytes.readUInt32LE(at + 16),
      kind: KINDS[kind] ?? null,
    });
  },
  isSound(bytes, at, head) {
    return crc32c(bytes, at + 4, at + RECORD_HEAD_BYTES + head.payloadBytes) === head.crc;
  },
};

/**
 * Version 1 is read and migrated, never written: payload bytes u32, CRC-32C of index and payload, index u64. It was
 * written by one host, so it has no epoch, and it has no definitions.
 */
export const RECORD_LAYOUT_V1: RecordLayout = {
  headBytes: 16,
  decodeHead(bytes, at) {
    return soundHead({
      crc: bytes.readUInt32LE(at + 4),
      payloadBytes: bytes.readUInt32LE(at),
      index: readIndex(bytes, at + 8),
      epoch: 0,
      kind: "event",
    });
  },
  isSound(bytes, at, head) {
    return crc32c(bytes, at + 8, at + 16 + head.payloadBytes) === head.crc;
  },
};

function soundHead(head: RecordHead): RecordHead | null {
  return head.payloadBytes <= PAYLOAD_BYTES_MAX && Number.isSafeInteger(head.index) ? head : null;
}

export function isBookName(book: string): boolean {
  return /^[A-Z][A-Z0-9_-]{0,31}$/.test(book);
}

function writeIndex(bytes: Buffer, index: number, at: number): void {
  bytes.writeUInt32LE(index % UINT32_SIZE, at);
  bytes.writeUInt32LE(Math.floor(index / UINT32_SIZE), at + 4);
}

function readIndex(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * UINT32_SIZE;
}
