/**
 * The layout of recorded books: segments of an Arrow IPC stream, one batch per message, so that batches can be
 * appended, and a crash only truncates the last one. Columns: asset, as_of_ms, received_ms, pushed_ms, and prices and
 * sizes of the best 20 levels of each side, NaN where there are fewer. Segments without `pushed_ms` come from earlier
 * versions, and may contain books that were never published: those count as known when they were received.
 */
import { createRequire } from "node:module";
import type { Data, RecordBatch, RecordBatchStreamReader, Schema } from "apache-arrow";
import {
  createBook,
  DEPTH,
  type BookSide,
  type PublishedBook,
} from "../../domain/order-book/book.ts";

type Arrow = typeof import("apache-arrow");

let loaded: Arrow | null = null;

/** Loads the package when the first book is read or written: a worker that reads none never loads it. */
function arrow(): Arrow {
  if (loaded !== null) return loaded;
  const found: Arrow = createRequire(import.meta.url)("apache-arrow");
  loaded = found;
  return found;
}

function levelsType() {
  const { Field, FixedSizeList, Float64 } = arrow();
  return new FixedSizeList(DEPTH, new Field("item", new Float64(), false));
}

function fields() {
  const { Field, Float64, Utf8 } = arrow();
  return [
    new Field("asset", new Utf8(), false),
    new Field("as_of_ms", new Float64(), false),
    new Field("received_ms", new Float64(), false),
    new Field(PUSHED, new Float64(), false),
    ...LEVEL_NAMES.map((name) => new Field(name, levelsType(), false)),
  ];
}

const LEVEL_NAMES = ["bid_prices", "bid_sizes", "ask_prices", "ask_sizes"];
const PUSHED = "pushed_ms";
const SOURCE_KEY = "dolphin.source";
const END_BYTES = 8;

/** The readable part of a segment. */
export type Segment = {
  /** Empty where the segment does not state it. */
  readonly source: string;
  readonly books: Iterable<PublishedBook>;
};

/** The first call gives the schema, too. */
export type SegmentEncoder = { encode(books: readonly PublishedBook[]): Uint8Array };

/** Writer of one segment. `source`: the same text as in the published books. */
export function createSegmentEncoder(source: string): SegmentEncoder {
  const { RecordBatchStreamWriter, Schema } = arrow();
  const schema = new Schema(fields(), new Map([[SOURCE_KEY, source]]));
  let headBytes = 0;
  return {
    encode(books) {
      const writer = new RecordBatchStreamWriter();
      writer.write(batchOf(books, schema));
      writer.finish();
      const bytes = writer.toUint8Array(true);
      // Every apache-arrow writer starts with the schema and ends with an end mark; a segment has only one
      // schema.
      const from = headBytes;
      if (headBytes === 0) headBytes = schemaBytes(bytes);
      return bytes.subarray(from, bytes.length - END_BYTES);
    },
  };
}

/** The intact part; everything after a truncated batch is ignored. */
export function readSegment(bytes: Uint8Array): Segment {
  let reader: RecordBatchStreamReader;
  try {
    reader = arrow().RecordBatchReader.from(bytes).open();
  } catch {
    return { source: "", books: [] };
  }
  const source = reader.schema?.metadata.get(SOURCE_KEY) ?? "";
  return { source, books: booksOf(reader) };
}

function* booksOf(reader: RecordBatchStreamReader): Generator<PublishedBook> {
  for (;;) {
    let batch: RecordBatch | null;
    try {
      const { done, value } = reader.next();
      batch = done === true || value === undefined ? null : value;
    } catch {
      // The segment is truncated here.
      return;
    }
    if (batch === null || !isLayout(batch)) return;
    yield* rowsOf(batch);
  }
}

function isLayout({ schema }: RecordBatch): boolean {
  const hasPushed = schema.fields.some(({ name }) => name === PUSHED);
  const expected = fields().filter(({ name }) => hasPushed || name !== PUSHED);
  return (
    schema.fields.length === expected.length &&
    expected.every(({ name, type }, at) => {
      const field = schema.fields[at];
      return field?.name === name && String(field.type) === String(type);
    })
  );
}

function* rowsOf(batch: RecordBatch): Generator<PublishedBook> {
  const assets = batch.getChildAt(0);
  const columns = batch.data.children.slice(1).map(doublesOf);
  const [asOf, received] = columns;
  const [bidPrices, bidSizes, askPrices, askSizes] = columns.slice(-LEVEL_NAMES.length);
  const pushed = columns.length === LEVEL_NAMES.length + 2 ? received : columns[2];
  for (let row = 0; row < batch.numRows; row += 1) {
    const book = createBook();
    fill(book.bids, row, [bidPrices!, bidSizes!]);
    fill(book.asks, row, [askPrices!, askSizes!]);
    const [asOfMs, receivedMs] = [asOf![row]!, received![row]!];
    yield { asset: String(assets?.get(row)), asOfMs, receivedMs, knownMs: pushed![row]!, book };
  }
}

function doublesOf(data: Data): Float64Array {
  const inner: Data = data.children[0] ?? data;
  const { values }: { readonly values: unknown } = inner;
  return values instanceof Float64Array ? values : new Float64Array(0);
}

function fill(side: BookSide, row: number, [prices, sizes]: readonly [Float64Array, Float64Array]) {
  const from = row * DEPTH;
  while (side.count < DEPTH && prices[from + side.count]! > 0) {
    side.prices[side.count] = prices[from + side.count]!;
    side.sizes[side.count] = sizes[from + side.count]!;
    side.count += 1;
  }
}

function batchOf(books: readonly PublishedBook[], schema: Schema): RecordBatch {
  const { length } = books;
  const sides = books.map(({ book }) => book);
  const children: Data[] = [
    textsOf(books.map(({ asset }) => asset)),
    doubles(Float64Array.from(books, ({ asOfMs }) => asOfMs)),
    doubles(Float64Array.from(books, ({ receivedMs }) => receivedMs)),
    doubles(Float64Array.from(books, ({ knownMs }) => knownMs)),
    lists(sides.map(({ bids }) => [bids.prices, bids.count])),
    lists(sides.map(({ bids }) => [bids.sizes, bids.count])),
    lists(sides.map(({ asks }) => [asks.prices, asks.count])),
    lists(sides.map(({ asks }) => [asks.sizes, asks.count])),
  ];
  const { RecordBatch, Struct, makeData } = arrow();
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }));
}

function doubles(data: Float64Array): Data {
  const { Float64, makeData } = arrow();
  return makeData({ type: new Float64(), length: data.length, nullCount: 0, data });
}

function lists(rows: readonly (readonly [values: Float64Array, count: number])[]): Data {
  const { Float64, makeData } = arrow();
  const all = new Float64Array(rows.length * DEPTH).fill(Number.NaN);
  rows.forEach(([values, count], row) => {
    all.set(values.subarray(0, Math.min(count, DEPTH)), row * DEPTH);
  });
  const child = makeData({ type: new Float64(), length: all.length, nullCount: 0, data: all });
  return makeData({ type: levelsType(), length: rows.length, nullCount: 0, child });
}

function textsOf(values: readonly string[]): Data {
  const { Utf8, makeData } = arrow();
  const encoded = values.map((value) => Buffer.from(value));
  const valueOffsets = new Int32Array(values.length + 1);
  encoded.forEach((text, at) => (valueOffsets[at + 1] = valueOffsets[at]! + text.length));
  const data = new Uint8Array(Buffer.concat(encoded));
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data });
}

/** The prefix of a message: continuation mark, metadata length and metadata; the schema message has no body. */
function schemaBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, END_BYTES);
  return END_BYTES + view.getInt32(4, true);
}
