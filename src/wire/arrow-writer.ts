/**
 * Writes scans as Arrow IPC files in the layout that pyarrow produces. Files of scans with the same assets and
 * the same number of eigenvalues differ only in their numbers, so apache-arrow lays out one file, and each scan
 * copies it and overwrites the numbers.
 */
import {
  type Data,
  type DataType,
  Field,
  Float64,
  Int64,
  List,
  Message,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  makeData,
  tableFromIPC,
} from "apache-arrow";
import { createBlankFiller, type ScanBlank, type ScanToWrite } from "./arrow/scan-blank.ts";

export type { ScanToWrite } from "./arrow/scan-blank.ts";

/** Encoder for scans of these assets; each call returns a new buffer. */
export function createScanEncoder(assets: readonly string[]): (scan: ScanToWrite) => Uint8Array {
  return createBlankFiller(assets, (eigenvalueCount) => layOutScan(assets, eigenvalueCount));
}

const SCHEMA = new Schema([
  new Field("scan_number", new Int64(), true),
  new Field("timestamp", new TimestampMicrosecond("UTC"), true),
  new Field("assets", listOf(new Utf8()), true),
  new Field("asset_prices", listOf(new Float64()), true),
  new Field("eigenvalues", listOf(new Float64()), true),
]);

/* oxlint-disable no-underscore-dangle -- apache-arrow names its extension points so. */
/**
 * The format requires the schema at the start of the file as well as in the footer; apache-arrow writes only
 * the footer's.
 */
export class ArrowFileWriter extends RecordBatchFileWriter {
  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema);
    return this._writeMessage(Message.from(schema));
  }
}
/* oxlint-enable no-underscore-dangle */

export function layOutScan(assets: readonly string[], eigenvalueCount: number): ScanBlank {
  // Each column needs its own buffer: apache-arrow writes a buffer that two columns share only once.
  const timestamp = new TimestampMicrosecond("UTC");
  const columns = [
    makeData({ type: new Int64(), length: 1, nullCount: 0, data: new BigInt64Array(1) }),
    makeData({ type: timestamp, length: 1, nullCount: 0, data: new BigInt64Array(1) }),
    oneList(texts(assets)),
    oneList(makeData({ type: new Float64(), nullCount: 0, data: new Float64Array(assets.length) })),
    oneList(
      makeData({ type: new Float64(), nullCount: 0, data: new Float64Array(eigenvalueCount) }),
    ),
  ];
  const type = new Struct(SCHEMA.fields);
  const row = makeData({ type, length: 1, nullCount: 0, children: columns });
  const writer = new ArrowFileWriter();
  writer.write(new RecordBatch(SCHEMA, row));
  writer.finish();
  const bytes = writer.toUint8Array(true);
  return { bytes, ...viewsInto(bytes) };
}

/** Reading does not copy, so the arrays that were read are views into `bytes`: the positions to overwrite. */
function viewsInto(bytes: Uint8Array): Omit<ScanBlank, "bytes"> {
  const [scanNumber, timestamp, , prices, eigenvalues] =
    tableFromIPC(bytes).batches[0]!.data.children;
  return {
    scanNumber: placeIn(bytes, scanNumber!, BigInt64Array),
    timestamp: placeIn(bytes, timestamp!, BigInt64Array),
    prices: placeIn(bytes, prices!.children[0]!, Float64Array),
    eigenvalues: placeIn(bytes, eigenvalues!.children[0]!, Float64Array),
  };
}

function placeIn<Numbers>(
  bytes: Uint8Array,
  data: Data,
  kind: new (buffer: ArrayBufferLike, at: number, length: number) => Numbers,
): Numbers {
  if (data.length === 0) return new kind(bytes.buffer, 0, 0);
  const values: unknown = data.values;
  if (!ArrayBuffer.isView(values) || values.buffer !== bytes.buffer)
    throw new Error("apache-arrow copied a column instead of viewing it");
  return new kind(values.buffer, values.byteOffset, data.length);
}

function listOf<Item extends DataType>(type: Item): List<Item> {
  return new List(new Field("item", type, true));
}

function oneList<Item extends DataType>(child: Data<Item>): Data<List<Item>> {
  return makeData({
    type: listOf(child.type),
    length: 1,
    nullCount: 0,
    valueOffsets: Int32Array.of(0, child.length),
    child,
  });
}

function texts(values: readonly string[]): Data<Utf8> {
  const encoded = values.map((value) => new TextEncoder().encode(value));
  const valueOffsets = new Int32Array(values.length + 1);
  encoded.forEach((text, at) => (valueOffsets[at + 1] = valueOffsets[at]! + text.length));
  return makeData({
    type: new Utf8(),
    length: values.length,
    nullCount: 0,
    valueOffsets,
    data: new Uint8Array(Buffer.concat(encoded)),
  });
}
