/** Writes a table as an Arrow IPC file, batch by batch; each field's metadata has its unit and meaning. */
import {
  Bool,
  type Data,
  type DataType,
  Field,
  Float64,
  Int64,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  makeData,
} from "apache-arrow";
import { ArrowFileWriter } from "../arrow-writer.ts";
import type { Cell, ExportColumn, ColumnKind, ExportRow, Table } from "./table.ts";

const ROWS_PER_BATCH = 4_096;

const TYPES: Readonly<Record<ColumnKind, () => DataType>> = {
  integer: () => new Int64(),
  number: () => new Float64(),
  text: () => new Utf8(),
  time: () => new TimestampMicrosecond("UTC"),
  flag: () => new Bool(),
};

export function* arrowOf({ columns, rows }: Table): Generator<Uint8Array> {
  const schema = new Schema(
    columns.map(
      ({ name, kind, unit, says }) =>
        new Field(name, TYPES[kind](), true, new Map(Object.entries({ unit, comment: says }))),
    ),
  );
  const file = new TableWriter(schema);
  let pending: ExportRow[] = [];
  for (const row of rows) {
    pending.push(row);
    if (pending.length < ROWS_PER_BATCH) continue;
    file.writeBatch(batchOf(schema, columns, pending));
    pending = [];
    yield* file.take();
  }
  if (0 < pending.length) file.writeBatch(batchOf(schema, columns, pending));
  file.finish();
  yield* file.take();
}

function batchOf(
  schema: Schema,
  columns: readonly ExportColumn[],
  rows: readonly ExportRow[],
): RecordBatch {
  const children = columns.map(({ kind }, at) =>
    dataOf(
      kind,
      rows.map((row) => row[at] ?? null),
    ),
  );
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: rows.length, nullCount: 0, children }));
}

function dataOf(kind: ColumnKind, cells: readonly Cell[]): Data {
  const length = cells.length;
  const nullCount = cells.filter((cell) => cell === null).length;
  const nulls = nullCount === 0 ? {} : { nullBitmap: bitsOf(cells.map((cell) => cell !== null)) };
  const common = { length, nullCount, ...nulls };
  switch (kind) {
    case "integer":
      return makeData({ type: new Int64(), ...common, data: longsOf(cells) });
    case "time":
      return makeData({ type: new TimestampMicrosecond("UTC"), ...common, data: longsOf(cells) });
    case "number":
      return makeData({ type: new Float64(), ...common, data: Float64Array.from(cells, Number) });
    case "flag":
      return makeData({
        type: new Bool(),
        ...common,
        data: bitsOf(cells.map((cell) => cell === true)),
      });
    case "text": {
      const texts = cells.map((cell) => Buffer.from(cell === null ? "" : String(cell)));
      const valueOffsets = new Int32Array(length + 1);
      for (const [at, text] of texts.entries()) {
        valueOffsets[at + 1] = valueOffsets[at]! + text.length;
      }
      const data = new Uint8Array(Buffer.concat(texts));
      return makeData({ type: new Utf8(), ...common, valueOffsets, data });
    }
  }
}

function longsOf(cells: readonly Cell[]): BigInt64Array {
  return BigInt64Array.from(cells, (cell) => BigInt(Math.round(Number(cell))));
}

/** Packs eight booleans to a byte, the first in the lowest bit. */
function bitsOf(flags: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8));
  for (const [at, flag] of flags.entries()) {
    if (flag) bits[at >> 3] = bits[at >> 3]! | (1 << (at & 7));
  }
  return bits;
}

/* oxlint-disable no-underscore-dangle -- apache-arrow names its extension points so. */
/** Holds only what was written since it was last taken. */
class TableWriter extends ArrowFileWriter {
  #written: Uint8Array[] = [];

  constructor(schema: Schema) {
    super();
    // The first write also writes the schema, so that a file without rows has one.
    this.reset(undefined, schema);
  }

  writeBatch(batch: RecordBatch): void {
    this._writeRecordBatch(batch);
  }

  take(): readonly Uint8Array[] {
    const written = this.#written;
    this.#written = [];
    return written;
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (!this._started || chunk.byteLength === 0) return this;
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength).slice();
    this.#written.push(bytes);
    this._position += bytes.length;
    return this;
  }
}
/* oxlint-enable no-underscore-dangle */
