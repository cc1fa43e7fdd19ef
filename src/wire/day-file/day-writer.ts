/**
 * Writes a day's scans as one Arrow IPC file: batches as they come, then the universes, then the footer with
 * the header. docs/adr/0008 lists the columns and says why.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeBinary,
  Float64,
  Int32,
  Int64,
  List,
  Message,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Uint32,
  Utf8,
  Vector,
  makeData,
} from "apache-arrow";
import { type DayBlock, type DayHeader, encodeDayHeader, HEADER_KEY } from "./day-header.ts";
import { HASH_BYTES, type ArchiveChunk } from "./archive-chunk.ts";

export type DayWriter = {
  /** Appends the rows of one chunk, in the order in which they are to be read. */
  add(chunk: ArchiveChunk): void;
  /** Writes what is buffered and the footer; returns the SHA-256 of the file in hexadecimal. */
  finish(facts: Pick<DayHeader, "day" | "folder_mtime_ns" | "others">): string;
};

/** A batch is read at once, into a buffer that should stay in the processor's cache. */
const BATCH_BYTES = 512 * 1_024;
const BATCH_ROWS_MAX = 65_536;
const UNIVERSES_ID = 0;
const METADATA_BYTES_A_ROW = 192;

const time = new TimestampMicrosecond("UTC");
const universe = listOf(new Utf8());
const assetsType = new Dictionary(universe, new Int32(), UNIVERSES_ID);
const doubles = listOf(new Float64());
const SCHEMA = new Schema([
  new Field("file", new Utf8(), false),
  new Field("file_time", time, false),
  new Field("mtime", time, false),
  new Field("size", new Int64(), false),
  new Field("sha256", new FixedSizeBinary(HASH_BYTES), false),
  new Field("crc32", new Uint32(), false),
  new Field("seq", new Int64(), true),
  new Field("scan_number", new Int64(), false),
  new Field("timestamp", time, false),
  new Field("assets", assetsType, false),
  new Field("asset_prices", doubles, false),
  new Field("eigenvalues", doubles, false),
]);

export function createDayWriter(write: (bytes: Uint8Array) => void): DayWriter {
  const file = new DayFileWriter(write);
  const universes = new Map<string, number>();
  const names: (readonly string[])[] = [];
  let pending = emptyRows();
  let rows = 0;
  let firstUs: number | null = null;
  const flush = (): void => {
    if (pending.files.length === 0) return;
    file.writeBatch(batchOf(pending));
    pending = emptyRows();
  };
  return {
    add(chunk) {
      const key = JSON.stringify(chunk.assets);
      const universeAt = universes.get(key) ?? universes.size;
      if (universeAt === universes.size) names.push(chunk.assets);
      universes.set(key, universeAt);
      if (0 < chunk.rows) firstUs ??= chunk.fileTimeUs[0]!;
      rows += chunk.rows;
      for (let row = 0; row < chunk.rows; row += 1) {
        appendRow(pending, { chunk, row, universeAt });
        if (BATCH_BYTES <= pending.bytes || pending.files.length === BATCH_ROWS_MAX) flush();
      }
    },
    finish(facts) {
      flush();
      return file.end(names, { ...facts, rows, first_us: firstUs });
    },
  };
}

type Rows = {
  readonly files: string[];
  readonly numbers: Record<"fileTime" | "mtime" | "size" | "seq" | "scanNumber" | "time", number[]>;
  readonly hashes: Uint8Array[];
  readonly checksums: number[];
  readonly universes: number[];
  readonly prices: Float64Array[];
  readonly eigenvalues: Float64Array[];
  bytes: number;
};

function emptyRows(): Rows {
  const numbers = { fileTime: [], mtime: [], size: [], seq: [], scanNumber: [], time: [] };
  const columns = { hashes: [], checksums: [], universes: [], prices: [], eigenvalues: [] };
  return { files: [], ...columns, numbers, bytes: 0 };
}

/** The chunk's arrays belong to the reader, so what is retained is copied. */
function appendRow(
  rows: Rows,
  from: { readonly chunk: ArchiveChunk; readonly row: number; readonly universeAt: number },
): void {
  const { chunk, row } = from;
  const { numbers } = rows;
  const assets = chunk.assets.length;
  rows.files.push(chunk.file(row));
  numbers.fileTime.push(chunk.fileTimeUs[row]!);
  numbers.mtime.push(chunk.mtimeUs[row]!);
  numbers.size.push(chunk.sizes[row]!);
  numbers.seq.push(chunk.seq[row]!);
  numbers.scanNumber.push(chunk.scanNumber[row]!);
  numbers.time.push(chunk.timesUs[row]!);
  rows.hashes.push(chunk.hashes.slice(row * HASH_BYTES, (row + 1) * HASH_BYTES));
  rows.checksums.push(chunk.checksums[row]!);
  rows.universes.push(from.universeAt);
  rows.prices.push(chunk.prices.slice(row * assets, (row + 1) * assets));
  const [start, end] = [chunk.eigenvalueOffsets[row]!, chunk.eigenvalueOffsets[row + 1]!];
  rows.eigenvalues.push(chunk.eigenvalues.slice(start, end));
  rows.bytes += METADATA_BYTES_A_ROW + 8 * (assets + end - start);
}

function batchOf(rows: Rows): RecordBatch {
  const { numbers } = rows;
  const length = rows.files.length;
  const times = (values: readonly number[]) =>
    makeData({ type: time, length, nullCount: 0, data: longs(values) });
  const integers = (values: readonly number[]) =>
    makeData({ type: new Int64(), length, nullCount: 0, data: longs(values) });
  const hashType = new FixedSizeBinary(HASH_BYTES);
  const columns: Data[] = [
    texts(rows.files),
    times(numbers.fileTime),
    times(numbers.mtime),
    integers(numbers.size),
    makeData({ type: hashType, length, nullCount: 0, data: Buffer.concat(rows.hashes) }),
    makeData({
      type: new Uint32(),
      length,
      nullCount: 0,
      data: Uint32Array.from(rows.checksums),
    }),
    seqs(numbers.seq),
    integers(numbers.scanNumber),
    times(numbers.time),
    makeData({
      type: assetsType,
      length,
      nullCount: 0,
      data: Int32Array.from(rows.universes),
      dictionary: new Vector([lists([], universe, texts([]))]),
    }),
    lists(rows.prices, doubles, flat(rows.prices)),
    lists(rows.eigenvalues, doubles, flat(rows.eigenvalues)),
  ];
  const type = new Struct(SCHEMA.fields);
  return new RecordBatch(SCHEMA, makeData({ type, length, nullCount: 0, children: columns }));
}

function longs(values: readonly number[]): BigInt64Array {
  return BigInt64Array.from(values, (value) => BigInt(value));
}

/** A zero in the chunk means none, and is a null in the file. */
function seqs(values: readonly number[]): Data<Int64> {
  const nullCount = values.filter((value) => value === 0).length;
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  for (const [at, value] of values.entries()) {
    if (value !== 0) nullBitmap[at >> 3] = nullBitmap[at >> 3]! | (1 << (at & 7));
  }
  const plain = { type: new Int64(), length: values.length, nullCount, data: longs(values) };
  return makeData(nullCount === 0 ? plain : { ...plain, nullBitmap });
}

function listOf<Item extends DataType>(type: Item): List<Item> {
  return new List(new Field("item", type, false));
}

function lists<Item extends DataType>(
  values: readonly { readonly length: number }[],
  type: List<Item>,
  child: Data<Item>,
): Data<List<Item>> {
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [at, value] of values.entries())
    valueOffsets[at + 1] = valueOffsets[at]! + value.length;
  return makeData({ type, length: values.length, nullCount: 0, valueOffsets, child });
}

function flat(parts: readonly Float64Array[]): Data<Float64> {
  const data = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return makeData({ type: new Float64(), length: data.length, nullCount: 0, data });
}

function texts(values: readonly string[]): Data<Utf8> {
  const encoded = values.map((value) => Buffer.from(value));
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [at, text] of encoded.entries())
    valueOffsets[at + 1] = valueOffsets[at]! + text.length;
  const data = new Uint8Array(Buffer.concat(encoded));
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data });
}

/* oxlint-disable no-underscore-dangle -- apache-arrow names its extension points so. */
/** Passes on what apache-arrow would collect, and records each block's offset and checksum. */
class DayFileWriter extends RecordBatchFileWriter {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #hash = createHash("sha256");
  readonly #batches: DayBlock[] = [];
  #crc = 0;
  #universes: Data | null = null;
  #facts: Omit<DayHeader, "version" | "universes" | "batches"> | null = null;

  constructor(write: (bytes: Uint8Array) => void) {
    super();
    this.#write = write;
  }

  writeBatch(batch: RecordBatch): void {
    // The first write also writes the schema, which does not belong to the block.
    if (!this._started) this.reset(undefined, SCHEMA);
    const block = this.#measure(batch.numRows, () => this._writeRecordBatch(batch));
    this.#batches.push(block);
  }

  end(
    universes: readonly (readonly string[])[],
    facts: Omit<DayHeader, "version" | "universes" | "batches">,
  ): string {
    if (!this._started) this.reset(undefined, SCHEMA);
    this.#universes = lists(universes, universe, texts(universes.flat()));
    this.#facts = facts;
    this.finish();
    return this.#hash.digest("hex");
  }

  #measure(rows: number, act: () => void): DayBlock {
    this.#crc = 0;
    const offset = this._position;
    act();
    return { offset, bytes: this._position - offset, rows, crc: this.#crc };
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (!this._started || chunk.byteLength === 0) return this;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#write(bytes);
    this.#hash.update(bytes);
    this.#crc = crc32(bytes, this.#crc);
    this._position += bytes.length;
    return this;
  }

  /**
   * The format requires the schema at the start of the file as well as in the footer; apache-arrow writes only
   * the footer's.
   */
  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema);
    return this._writeMessage(Message.from(schema));
  }

  /** All universes are known only at the end; the footer says where they are. */
  protected override _writeDictionaries(): this {
    return this;
  }

  protected override _writeFooter(schema: Schema): this {
    const universes = this.#universes;
    const facts = this.#facts;
    if (universes === null || facts === null) throw new Error("a day file ends by end()");
    const block = this.#measure(universes.length, () =>
      this._writeDictionaryBatch(universes, UNIVERSES_ID),
    );
    const header = encodeDayHeader({
      version: 1,
      ...facts,
      universes: block,
      batches: this.#batches,
    });
    return super._writeFooter(new Schema(schema.fields, new Map([[HEADER_KEY, header]])));
  }
}
/* oxlint-enable no-underscore-dangle */
