/**
 * One journal row ahead of the database: a single overwrite of one small file, which costs a live scan a tenth of a
 * transaction and also survives the death of the process. Invariant: a row is only read back intact; a torn one, or
 * one of another version, counts as missing. The times when the file was seen and decoded follow it under their own
 * checksum, so that a release that does not know them can still read the row.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { JournalScan } from "./journal-rows.ts";

/** Room for numbers, hash, and the longest name that a file system allows. */
const SLOT_BYTES = 1_024;
const HASH_BYTES = 32;
/** Checksum, length of the name, and the nine numbers of a row. */
const NUMBERS = 11;
const HASH_AT = NUMBERS * Float64Array.BYTES_PER_ELEMENT;
const NAME_AT = HASH_AT + HASH_BYTES;
/** The checksum covers everything after it. */
const COVERED_AT = Float64Array.BYTES_PER_ELEMENT;
/** Two times, and a checksum that continues that of the row. */
const TIMES_BYTES = 2 * Float64Array.BYTES_PER_ELEMENT;
const TAIL_BYTES = TIMES_BYTES + Uint32Array.BYTES_PER_ELEMENT;
/** Marks a time that is not known. */
const UNKNOWN_US = Number.NaN;

export class AheadSlot {
  readonly #descriptor: number;
  readonly #bytes = Buffer.alloc(SLOT_BYTES);
  readonly #numbers = new Float64Array(this.#bytes.buffer, this.#bytes.byteOffset, NUMBERS);

  /** Creates the file at its full size: later writes need no disk space. */
  constructor(path: string) {
    this.#descriptor = openSync(path, "w+");
    writeSync(this.#descriptor, this.#bytes, 0, SLOT_BYTES, 0);
  }

  /** False when the name is too long for the slot. @throws the file system's errors. */
  write(scan: JournalScan): boolean {
    const bytes = this.#bytes;
    const nameBytes = bytes.write(scan.file, NAME_AT);
    const end = NAME_AT + nameBytes;
    if (SLOT_BYTES <= end + 3 + TAIL_BYTES) return false;
    const numbers = this.#numbers;
    numbers[1] = nameBytes;
    numbers[2] = scan.seq;
    numbers[3] = scan.epoch;
    numbers[4] = scan.scanNumber;
    numbers[5] = scan.size;
    numbers[6] = scan.mtimeUs;
    numbers[7] = scan.timeUs;
    numbers[8] = scan.late ? 1 : 0;
    numbers[9] = scan.replayed ? 1 : 0;
    numbers[10] = scan.pushedUs;
    scan.hash.copy(bytes, HASH_AT);
    const checksum = crc32(bytes.subarray(COVERED_AT, end));
    numbers[0] = checksum;
    bytes.writeDoubleLE(scan.seenUs ?? UNKNOWN_US, end);
    bytes.writeDoubleLE(scan.decodedUs ?? UNKNOWN_US, end + Float64Array.BYTES_PER_ELEMENT);
    const tail = end + TIMES_BYTES;
    bytes.writeUInt32LE(crc32(bytes.subarray(end, tail), checksum), tail);
    writeSync(this.#descriptor, bytes, 0, end + TAIL_BYTES, 0);
    return true;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The row that a slot holds; null when there is none. */
export function readAheadSlot(path: string): JournalScan | null {
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  if (bytes.length !== SLOT_BYTES) return null;
  const number = (at: number) => bytes.readDoubleLE(at * Float64Array.BYTES_PER_ELEMENT);
  const end = NAME_AT + number(1);
  if (!(NAME_AT < end && end <= SLOT_BYTES)) return null;
  if (crc32(bytes.subarray(COVERED_AT, end)) !== number(0)) return null;
  return {
    seq: number(2),
    epoch: number(3),
    file: bytes.toString("utf8", NAME_AT, end),
    hash: Buffer.from(bytes.subarray(HASH_AT, NAME_AT)),
    scanNumber: number(4),
    size: number(5),
    mtimeUs: number(6),
    timeUs: number(7),
    late: number(8) === 1,
    replayed: number(9) === 1,
    pushedUs: number(10),
    ...timesBehind(bytes, end),
  };
}

/** Empty where an older release wrote the row. */
function timesBehind(bytes: Buffer, end: number): Pick<JournalScan, "seenUs" | "decodedUs"> {
  const tail = end + TIMES_BYTES;
  if (SLOT_BYTES < end + TAIL_BYTES) return {};
  const checksum = bytes.readDoubleLE(0);
  if (crc32(bytes.subarray(end, tail), checksum) !== bytes.readUInt32LE(tail)) return {};
  const seenUs = bytes.readDoubleLE(end);
  const decodedUs = bytes.readDoubleLE(end + Float64Array.BYTES_PER_ELEMENT);
  return Number.isNaN(seenUs) || Number.isNaN(decodedUs) ? {} : { seenUs, decodedUs };
}
