/**
 * Reads a scan straight from the buffers when it has the layout that pyarrow gives the contract's schema. This
 * is the hot path, without apache-arrow. Invariant: what it accepts, the general reader reads identically. All
 * other files go to the general reader, which calls this one back for files with column types that apache-arrow
 * does not know.
 */
import { SCAN_ASSETS_MAX, type ScanColumns } from "../../domain/scan/scan.ts";
import { microsFromUnit } from "../../domain/scan/timestamp.ts";
import { BATCH_HEADER, type Frame } from "./completeness.ts";
import { matchFixedSchema, type Place } from "./fixed-schema.ts";
import { createNameCache, type AssetNames } from "./asset-names.ts";
import {
  batchHeader,
  bufferBytes,
  bufferOffset,
  nodeLength,
  nodeNulls,
  type BatchHeader,
} from "./record-batch.ts";

export type FixedScan = { readonly columns: ScanColumns; readonly names: AssetNames };

type Batch = BatchHeader & { readonly view: DataView; readonly bodyStart: number };
/** A region of the file, as absolute byte offsets. */
type Region = { readonly start: number; readonly bytes: number };
type Range = { readonly first: number; readonly end: number };

const names = createNameCache();

/** Null when the file has any other layout; it never guesses. */
export function readFixedLayout(frame: Frame): FixedScan | null {
  try {
    return readColumns(frame);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readColumns(frame: Frame): FixedScan | null {
  const { view, messages } = frame;
  const [message, ...others] = messages;
  if (message?.headerType !== BATCH_HEADER || others.length !== 0) return null;
  const schema = matchFixedSchema(frame.schema);
  if (schema === null) return null;
  const header = batchHeader(message, message.header);
  if (header.rows !== 1 || header.compressed) return null;
  if (header.nodes.length !== schema.end.node) return null;
  if (header.buffers.length !== schema.end.buffer) return null;
  const batch: Batch = { ...header, view, bodyStart: message.bodyStart };

  const scanNumber = onlyLong(batch, schema.scanNumber);
  const timestamp = onlyLong(batch, schema.timestamp);
  const assetNames = readNames(batch, schema.assets);
  const prices = readDoubles(batch, schema.prices);
  const eigenvalues = readDoubles(batch, schema.eigenvalues);
  if (scanNumber === null || timestamp === null || assetNames === null) return null;
  if (prices === null || eigenvalues === null) return null;
  return {
    names: assetNames,
    columns: {
      scanNumber: Number(scanNumber),
      timestampUs: microsFromUnit(timestamp, schema.timeUnit),
      assets: assetNames.names,
      prices,
      eigenvalues,
    },
  };
}

function onlyLong(batch: Batch, column: Place): bigint | null {
  const data = region(batch, column.buffer + 1);
  if (!isOneValue(batch, column.node) || data.bytes < 8) return null;
  return batch.view.getBigInt64(data.start, true);
}

/** The range of the one row's list in the child column. */
function onlyList(batch: Batch, column: Place): Range | null {
  const offsets = region(batch, column.buffer + 1);
  if (!isOneValue(batch, column.node) || offsets.bytes < 8) return null;
  const first = batch.view.getInt32(offsets.start, true);
  const end = batch.view.getInt32(offsets.start + 4, true);
  const childLength = nodeLength(batch, column.node + 1);
  if (first < 0 || end < first || childLength < end) return null;
  return SCAN_ASSETS_MAX < end - first ? null : { first, end };
}

function isOneValue(batch: Batch, node: number): boolean {
  return nodeLength(batch, node) === 1 && nodeNulls(batch, node) === 0;
}

/** The list's doubles, NaN for null; a view into the file where the alignment allows it. */
function readDoubles(batch: Batch, column: Place): Float64Array | null {
  const range = onlyList(batch, column);
  if (range === null) return null;
  const data = region(batch, column.buffer + 3);
  const childLength = nodeLength(batch, column.node + 1);
  if (data.bytes < childLength * 8) return null;
  const length = range.end - range.first;
  const start = batch.view.byteOffset + data.start + range.first * 8;
  const nulls = nodeNulls(batch, column.node + 1);
  if (nulls === 0 && start % 8 === 0) return new Float64Array(batch.view.buffer, start, length);

  const doubles = new Float64Array(
    new Uint8Array(batch.view.buffer, start, length * 8).slice().buffer,
  );
  if (nulls === 0) return doubles;
  const validity = region(batch, column.buffer + 2);
  if (validity.bytes * 8 < childLength) return null;
  for (let at = 0; at < length; at += 1) {
    const bit = range.first + at;
    const byte = batch.view.getUint8(validity.start + (bit >> 3));
    if (((byte >> (bit & 7)) & 1) === 0) doubles[at] = Number.NaN;
  }
  return doubles;
}

function readNames(batch: Batch, column: Place): AssetNames | null {
  const range = onlyList(batch, column);
  if (range === null || nodeNulls(batch, column.node + 1) !== 0) return null;
  const offsets = region(batch, column.buffer + 3);
  const data = region(batch, column.buffer + 4);
  const childLength = nodeLength(batch, column.node + 1);
  // An empty list may have an empty offsets buffer.
  if (childLength === 0) return names.read(EMPTY_BYTES, EMPTY_BYTES);
  if (offsets.bytes < (childLength + 1) * 4) return null;
  return names.read(
    bytesOf(batch, offsets.start + range.first * 4, (range.end - range.first + 1) * 4),
    bytesOf(batch, data.start, data.bytes),
  );
}

const EMPTY_BYTES = new Uint8Array(0);

function bytesOf(batch: Batch, start: number, bytes: number): Uint8Array {
  return new Uint8Array(batch.view.buffer, batch.view.byteOffset + start, bytes);
}

function region(batch: Batch, buffer: number): Region {
  return {
    start: batch.bodyStart + bufferOffset(batch, buffer),
    bytes: bufferBytes(batch, buffer),
  };
}
