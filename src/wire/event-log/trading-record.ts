/**
 * Encodes a trader's events as the payloads of its journal. A scan is binary, with its numbers as they are in
 * memory; asset names are written once per segment, in a definition that scans refer to by number. An order book is
 * binary, too (`book-record.ts`; JSON in logs of older releases). All other events are JSON.
 *
 * Scan: kind u8 = 2, flags u8, table u16, assets u32, nowMs, seq, scanNumber, asOfMs f64, eigenvalues u32,
 * carried u32, then prices, eigenvalues, carried f64. JSON: kind u8 = 1, then the text. Definition: kind u8 =
 * 3, zero u8, table u16, then the names as JSON.
 */
import { assert } from "../../domain/assert.ts";
import { messageOf } from "../../domain/failure.ts";
import type { ScanEvent, TraderEvent } from "../../domain/trading/events.ts";
import { decodeBook, encodeBook, KIND_BOOK, PERHAPS_NEWER } from "./book-record.ts";
import { type OtherEvent, otherEventText, parseOtherEvent } from "./other-event.ts";

const KIND_JSON = 1;
const KIND_SCAN = 2;
const KIND_TABLE = 3;
const REPLAYED = 1;
const LATE = 2;
const REPAIRED = 4;
const FLAGS = REPLAYED | LATE | REPAIRED;
const SCAN_HEAD_BYTES = 48;
const TABLE_HEAD_BYTES = 4;
const SCRATCH_BYTES = 16 * 1_024;
/** Definitions in use at a time; a further universe within a day reuses the oldest number. */
const TABLES_MAX = 64;

/** Encodes events and remembers which definitions the current segment has. */
export class TradingRecordEncoder {
  readonly #carriedCount: number;
  #tables: (readonly string[])[] = [];
  #newestTable = -1;
  #scratch = Buffer.alloc(SCRATCH_BYTES);
  #values = new Float64Array(this.#scratch.buffer, this.#scratch.byteOffset, SCRATCH_BYTES / 8);
  /** Reused while records have the same length, so that a scan allocates nothing. */
  #record = this.#scratch.subarray(0, 0);

  /** `carriedCount`: the number of features that travel with each scan. */
  constructor(carriedCount: number) {
    this.#carriedCount = carriedCount;
  }

  /** Called when a new segment begins: it needs all definitions again. */
  forgetTables(): void {
    this.#tables = [];
    this.#newestTable = -1;
  }

  /** Records a definition that is now in the segment. */
  learn(definition: Buffer): void {
    const { table, assets } = decodeTable(definition);
    this.#tables[table] = assets;
    this.#newestTable = table;
  }

  /** The definition that must be written (and then learned) before the event; null if the segment has it. */
  definitionFor(event: TraderEvent): Buffer | null {
    if (event.kind !== "scan" || 0 <= this.#tableOf(event.assets)) return null;
    const table = (this.#newestTable + 1) % TABLES_MAX;
    const names = Buffer.from(JSON.stringify(event.assets));
    const head = Buffer.alloc(TABLE_HEAD_BYTES);
    head[0] = KIND_TABLE;
    head.writeUInt16LE(table, 2);
    return Buffer.concat([head, names]);
  }

  /** The result is valid until the next call. It lacks the index, which is in the record's head. */
  encode(event: TraderEvent): Buffer {
    if (event.kind === "scan") return this.#encodeScan(event);
    return (event.kind === "book" ? encodeBook(event) : null) ?? encodeOther(event);
  }

  #encodeScan(event: ScanEvent): Buffer {
    const table = this.#tableOf(event.assets);
    assert(0 <= table, "a scan's assets are defined before it");
    const assetCount = event.assets.length;
    const { eigenvalueCount } = event;
    const valueCount = assetCount + eigenvalueCount + this.#carriedCount;
    const record = this.#recordOf(SCAN_HEAD_BYTES + 8 * valueCount);
    record[0] = KIND_SCAN;
    record[1] =
      (event.isReplayed ? REPLAYED : 0) |
      (event.isLate ? LATE : 0) |
      (event.isRepaired ? REPAIRED : 0);
    record.writeUInt16LE(table, 2);
    record.writeUInt32LE(assetCount, 4);
    record.writeUInt32LE(eigenvalueCount, 40);
    record.writeUInt32LE(this.#carriedCount, 44);
    const values = this.#values;
    values[1] = event.nowMs;
    values[2] = event.seq;
    values[3] = event.scanNumber;
    values[4] = event.asOfMs;
    let at = SCAN_HEAD_BYTES / 8;
    for (let i = 0; i < assetCount; i++) values[at++] = event.prices[event.pricesAt + i]!;
    for (let i = 0; i < eigenvalueCount; i++) {
      values[at++] = event.eigenvalues[event.eigenvaluesAt + i]!;
    }
    for (let i = 0; i < this.#carriedCount; i++) values[at++] = event.carried[event.carriedAt + i]!;
    return record;
  }

  /** The newest definition first: names change seldom, so this is mostly one comparison. */
  #tableOf(assets: readonly string[]): number {
    const newest = this.#tables[this.#newestTable];
    if (newest === assets) return this.#newestTable;
    const table =
      newest !== undefined && areSame(newest, assets)
        ? this.#newestTable
        : this.#tables.findIndex((other) => areSame(other, assets));
    // Remembers the array with the same names: the next scan will bring that array.
    if (0 <= table) this.#tables[table] = assets;
    return table;
  }

  #recordOf(bytes: number): Buffer {
    if (this.#scratch.length < bytes) {
      this.#scratch = Buffer.alloc(Math.ceil(bytes / 4) * 8);
      this.#values = new Float64Array(
        this.#scratch.buffer,
        this.#scratch.byteOffset,
        this.#scratch.length / 8,
      );
      this.#record = this.#scratch.subarray(0, bytes);
    }
    if (this.#record.length !== bytes) this.#record = this.#scratch.subarray(0, bytes);
    return this.#record;
  }
}

/** Decodes events, in the order in which they and their definitions were written. */
export class TradingRecordDecoder {
  readonly #tables: (readonly string[])[] = [];

  define(definition: Buffer): void {
    const { table, assets } = decodeTable(definition);
    this.#tables[table] = assets;
  }

  /** @throws {Error} that says what was found, when the encoder did not write this. */
  decode(record: Buffer, index: number): TraderEvent {
    if (record[0] === KIND_SCAN) return this.#decodeScan(record, index);
    if (record[0] === KIND_BOOK) return decodeBook(record, index);
    if (record[0] === KIND_JSON) return decodeOther(record, index);
    throw unreadable(index, `it begins with byte ${record[0]}`);
  }

  #decodeScan(record: Buffer, index: number): ScanEvent {
    const flags = record[1] ?? 0;
    if ((flags & ~FLAGS) !== 0) throw unreadable(index, `it is a scan with flags ${flags}`);
    const assetCount = record.readUInt32LE(4);
    const eigenvalueCount = record.readUInt32LE(40);
    const carriedCount = record.readUInt32LE(44);
    const bytes = SCAN_HEAD_BYTES + 8 * (assetCount + eigenvalueCount + carriedCount);
    const assets = this.#tables[record.readUInt16LE(2)];
    if (bytes !== record.length || assets?.length !== assetCount) {
      throw new Error(
        `scan ${index} has ${record.length} bytes and ${assetCount} assets, was defined with ` +
          `${assets?.length ?? "no"} assets in ${bytes} bytes`,
      );
    }
    // One aligned buffer for all three arrays; a record may be at any offset in its chunk.
    const values = new Float64Array(assetCount + eigenvalueCount + carriedCount);
    new Uint8Array(values.buffer).set(record.subarray(SCAN_HEAD_BYTES));
    return {
      kind: "scan",
      index,
      nowMs: record.readDoubleLE(8),
      seq: record.readDoubleLE(16),
      scanNumber: record.readDoubleLE(24),
      asOfMs: record.readDoubleLE(32),
      isReplayed: (flags & REPLAYED) !== 0,
      isLate: (flags & LATE) !== 0,
      isRepaired: (flags & REPAIRED) !== 0,
      assets,
      prices: values,
      pricesAt: 0,
      eigenvalues: values,
      eigenvaluesAt: assetCount,
      eigenvalueCount,
      carried: values,
      carriedAt: assetCount + eigenvalueCount,
    };
  }
}

function decodeOther(record: Buffer, index: number): TraderEvent {
  try {
    return { index, ...parseOtherEvent(record.toString("utf8", 1)) };
  } catch (error) {
    throw unreadable(index, messageOf(error));
  }
}

/** A book that left an event out would be another one. */
function unreadable(index: number, why: string): Error {
  return new Error(`event ${index} of the log cannot be read: ${why}. ${PERHAPS_NEWER}`);
}

function encodeOther(event: OtherEvent): Buffer {
  const text = otherEventText(event);
  const record = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  record[0] = KIND_JSON;
  record.write(text, 1);
  return record;
}

function decodeTable(definition: Buffer): { readonly table: number; readonly assets: string[] } {
  const assets: unknown = JSON.parse(definition.toString("utf8", TABLE_HEAD_BYTES));
  const isTable =
    definition[0] === KIND_TABLE &&
    Array.isArray(assets) &&
    assets.every((asset) => typeof asset === "string");
  if (!isTable) {
    throw new Error(`a definition is no table of asset names. ${PERHAPS_NEWER}`);
  }
  return { table: definition.readUInt16LE(2), assets };
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((asset, at) => asset === other[at]);
}
