/**
 * Appends to one segment: one synchronous write per call, into the kernel's page cache, so that it survives any
 * death of the process; `sync` makes it survive a power failure. Invariant: after a failed write the file ends with a
 * complete record again, or the writer is broken and refuses everything; after a failed sync it is broken, because
 * the kernel drops the pages that it could not write.
 */
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { assert } from "../../../domain/assert.ts";
import { messageOf } from "../../../domain/failure.ts";
import { writeWhole } from "./segment-files.ts";
import {
  encodeHeader,
  PAYLOAD_BYTES_MAX,
  RECORD_HEAD_BYTES,
  type RecordKind,
  type SealedHead,
  sealRecord,
  type SegmentHeader,
} from "./segment-format.ts";
import { SegmentLogError } from "./segment-log-error.ts";

const SCRATCH_BYTES = 128 * 1_024;

export class SegmentWriter {
  readonly path: string;
  readonly #fd: number;
  #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** Reused, so that an append allocates nothing. */
  readonly #head: { -readonly [key in keyof SealedHead]: SealedHead[key] };
  /** Where each record ends in the scratch. */
  readonly #ends: number[] = [];
  #offset: number;
  #syncedTo: number;
  #brokenBy: string | null = null;
  #isClosing = false;
  #syncsUnderWay = 0;

  /** Continues a segment at `offset`, where its last complete record ends; the rest is truncated. */
  constructor(
    path: string,
    { offset, epoch }: { readonly offset: number; readonly epoch: number },
  ) {
    this.path = path;
    this.#fd = openSync(path, "r+");
    this.#head = { kind: "event", index: 0, epoch, payloadBytes: 0 };
    this.#offset = offset;
    this.#syncedTo = 0;
    ftruncateSync(this.#fd, offset);
  }

  /** The epoch that is written with each record. */
  set epoch(epoch: number) {
    this.#head.epoch = epoch;
  }

  get isSynced(): boolean {
    return this.#syncedTo === this.#offset;
  }

  /** @throws {SegmentLogError} TRADING_JOURNAL_UNAVAILABLE; then nothing was appended. */
  write(kind: RecordKind, index: number, payload: Uint8Array): void {
    this.#assertSound();
    this.#head.kind = kind;
    this.#ends.length = 0;
    this.#ends.push(this.#stage(0, index, payload));
    this.#put();
  }

  /**
   * `count` events with indices from `first` on, in one write; each payload is copied before the next is asked for.
   * Returns how many were appended: fewer on a disk that became full in the middle.
   * @throws {SegmentLogError} as `write`; then none was appended.
   */
  writeEvents(first: number, count: number, payloadOf: (nth: number) => Uint8Array): number {
    this.#assertSound();
    this.#head.kind = "event";
    this.#ends.length = 0;
    for (let nth = 0; nth < count; nth += 1) {
      this.#ends.push(this.#stage(this.#ends.at(-1) ?? 0, first + nth, payloadOf(nth)));
    }
    return this.#put();
  }

  /** Returns when everything appended so far survives a power failure. */
  sync(): void {
    this.#assertSound();
    try {
      fdatasyncSync(this.#fd);
    } catch (error) {
      throw this.#break("sync", error);
    }
    this.#syncedTo = this.#offset;
  }

  /** As `sync`, without blocking appends. */
  async syncAside(): Promise<void> {
    this.#assertSound();
    const offset = this.#offset;
    this.#syncsUnderWay++;
    try {
      await new Promise<void>((resolve, reject) => {
        fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
      });
    } catch (error) {
      throw this.#break("sync", error);
    } finally {
      this.#syncsUnderWay--;
      if (this.#isClosing && this.#syncsUnderWay === 0) closeSync(this.#fd);
    }
    this.#syncedTo = Math.max(this.#syncedTo, offset);
  }

  /** The file stays open during a sync in progress: its descriptor must not be reused. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#syncsUnderWay === 0) closeSync(this.#fd);
  }

  /** Copies a record to this place of what is written next; returns its end. */
  #stage(at: number, index: number, payload: Uint8Array): number {
    assert(payload.length <= PAYLOAD_BYTES_MAX, "a payload keeps the limit of a record");
    const end = at + RECORD_HEAD_BYTES + payload.length;
    if (this.#scratch.length < end) {
      const larger = Buffer.allocUnsafeSlow(2 * end);
      larger.set(this.#scratch.subarray(0, at));
      this.#scratch = larger;
    }
    this.#scratch.set(payload, at + RECORD_HEAD_BYTES);
    this.#head.index = index;
    this.#head.payloadBytes = payload.length;
    sealRecord(this.#scratch, at, this.#head);
    return end;
  }

  /**
   * Writes the staged records; returns how many. A whole record is never taken back: a reader may have seen it, and would
   * go on behind it.
   */
  #put(): number {
    const bytes = this.#ends.at(-1) ?? 0;
    let done = 0;
    try {
      while (done < bytes) {
        done += writeSync(this.#fd, this.#scratch, done, bytes - done, this.#offset + done);
      }
    } catch (error) {
      const whole = this.#ends.findLastIndex((end) => end <= done) + 1;
      const kept = this.#offset + (this.#ends[whole - 1] ?? 0);
      try {
        ftruncateSync(this.#fd, kept);
      } catch (second) {
        throw this.#break("cut after a failed write", second);
      }
      this.#offset = kept;
      if (0 < whole) return whole;
      throw unavailable(
        `${this.path}: write: ${messageOf(error)}; free space, then try again`,
        error,
      );
    }
    this.#offset += bytes;
    return this.#ends.length;
  }

  #assertSound(): void {
    assert(!this.#isClosing, "nobody writes to a closed segment");
    if (this.#brokenBy === null) return;
    throw unavailable(`${this.#brokenBy}; restart the trader: it reads what is on the disk`);
  }

  #break(act: string, error: unknown): SegmentLogError {
    this.#brokenBy = `${this.path}: ${act}: ${messageOf(error)}`;
    return unavailable(this.#brokenBy, error);
  }
}

/** Creates a segment that is durable before its first record. */
export function createSegment(
  path: string,
  header: Omit<SegmentHeader, "version">,
  epoch: number,
): SegmentWriter {
  try {
    const bytes = encodeHeader(header);
    writeWhole(path, [bytes]);
    return new SegmentWriter(path, { offset: bytes.length, epoch });
  } catch (error) {
    throw unavailable(`${path}: create: ${messageOf(error)}; free space, then try again`, error);
  }
}

function unavailable(message: string, cause?: unknown): SegmentLogError {
  return new SegmentLogError("TRADING_JOURNAL_UNAVAILABLE", message, { cause });
}
