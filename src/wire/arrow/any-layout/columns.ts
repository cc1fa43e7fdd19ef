/**
 * Takes the one row's values out of apache-arrow's buffers, in every type that the contract names.
 * Values are read raw: `Vector.get` rounds times to milliseconds and repairs broken UTF-8 silently.
 */
import { DataType, type Data } from "apache-arrow";
import {
  SCAN_ASSETS_MAX,
  type InvalidReason,
  type ScanColumns,
} from "../../../domain/scan/scan.ts";
import { microsFromIso, microsFromUnit, type TimeUnit } from "../../../domain/scan/timestamp.ts";
import { badAssetName, duplicateAsset, tooManyAssets } from "../../../domain/scan/validity.ts";
import { decodeText } from "../asset-names.ts";

export type ColumnName = "scan_number" | "timestamp" | "assets" | "asset_prices" | "eigenvalues";
export type ScanData = Readonly<Record<ColumnName, Data>>;

/** Thrown only inside the general reader, which converts it to an `InvalidScan`. */
export class Unreadable extends Error {
  readonly reason: InvalidReason;

  constructor(reason: InvalidReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

const VIEW_BYTES = 16;
/** Indexed by Arrow's unit number. */
const TIME_UNITS: readonly TimeUnit[] = ["s", "ms", "us", "ns"];

export function columnsOf(row: ScanData): ScanColumns {
  const assets = namesIn(listOf(row.assets, "assets"));
  return {
    scanNumber: integerOf(row.scan_number),
    timestampUs: microsOf(row.timestamp),
    assets,
    prices: pricesOf(row.asset_prices, assets),
    eigenvalues: doublesIn(listOf(row.eigenvalues, "eigenvalues"), "eigenvalues"),
  };
}

function integerOf(data: Data): number {
  if (!DataType.isInt(data.type)) throw wrongType(data, "scan_number", "int64");
  requireValue(data, "scan_number");
  return Number(rawAt(data, 0));
}

function microsOf(data: Data): number {
  const { type } = data;
  if (DataType.isTimestamp(type)) {
    requireValue(data, "timestamp");
    const unit = TIME_UNITS[type.unit];
    if (unit === undefined) throw damaged("timestamp has an unknown unit");
    return microsFromUnit(BigInt(rawAt(data, 0)), unit);
  }
  if (!isText(data)) throw wrongType(data, "timestamp", "timestamp[us, UTC] or ISO-8601 text");
  const text = textAt(data, 0);
  if (text === null) throw missingValue("timestamp");
  const micros = microsFromIso(text);
  if (micros !== null) return micros;
  throw new Unreadable(
    "timestamp_text",
    `timestamp was ${JSON.stringify(text.slice(0, 64))}; write ISO-8601 such as ` +
      "2026-03-25T10:20:30.123456+00:00",
  );
}

function pricesOf(data: Data, assets: readonly string[]): Float64Array {
  if (!DataType.isMap(data.type)) return doublesIn(listOf(data, "asset_prices"), "asset_prices");
  const { child: entries, first, end } = rangeOf(data, "asset_prices");
  const [keys, values] = entries.children;
  if (keys === undefined || values === undefined) throw damaged("asset_prices has no entries");
  const names = namesIn({ child: keys, first, end });
  const doubles = doublesIn({ child: values, first, end }, "asset_prices");
  const prices = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    if (prices.has(name)) {
      const { reason, detail } = duplicateAsset(name, at);
      throw new Unreadable(reason, detail);
    }
    prices.set(name, doubles[at] ?? Number.NaN);
  }
  // A price map may hold more assets than the scan; an asset of the scan that it lacks has no valid price.
  return Float64Array.from(assets, (name) => prices.get(name) ?? Number.NaN);
}

/** The range of the child column that belongs to the one row. */
type Slice = { readonly child: Data; readonly first: number; readonly end: number };

function listOf(data: Data, name: ColumnName): Slice {
  const { type } = data;
  if (DataType.isList(type) || DataType.isLargeList(type)) return rangeOf(data, name);
  if (DataType.isFixedSizeList(type)) {
    requireValue(data, name);
    return sliceOf(data, { name, first: 0, end: type.listSize });
  }
  throw wrongType(data, name, name === "assets" ? "list<utf8>" : "list<float64>");
}

function rangeOf(data: Data, name: ColumnName): Slice {
  requireValue(data, name);
  return sliceOf(data, { name, first: offsetAt(data, 0), end: offsetAt(data, 1) });
}

function sliceOf(
  data: Data,
  { name, first, end }: { readonly name: ColumnName; readonly first: number; readonly end: number },
): Slice {
  const child = data.children[0];
  if (child === undefined || first < 0 || end < first || child.length < end) {
    throw damaged(`${name} reaches beyond its values`);
  }
  if (end - first <= SCAN_ASSETS_MAX) return { child, first, end };
  const { reason, detail } = tooManyAssets(end - first);
  throw new Unreadable(reason, detail);
}

function namesIn({ child, first, end }: Slice): string[] {
  if (!isText(child)) throw wrongType(child, "assets", "a list of utf8");
  const names: string[] = [];
  for (let at = first; at < end; at += 1) {
    const name = textAt(child, at);
    if (name === null) {
      const { reason, detail } = badAssetName(at - first, "null");
      throw new Unreadable(reason, detail);
    }
    names.push(name);
  }
  return names;
}

function doublesIn({ child, first, end }: Slice, name: ColumnName): Float64Array {
  const values: unknown = child.values;
  // An empty list may have type null: pyarrow infers list<null> from [[]].
  if (DataType.isNull(child.type)) return new Float64Array(end - first).fill(Number.NaN);
  if (!DataType.isFloat(child.type) || !(values instanceof Float64Array)) {
    throw wrongType(child, name, "a list of float64");
  }
  if (values.length < child.offset + end) throw damaged(`${name} is shorter than it says`);
  const doubles = values.slice(child.offset + first, child.offset + end);
  for (let at = first; at < end; at += 1) {
    if (!isValid(child, at)) doubles[at - first] = Number.NaN;
  }
  return doubles;
}

function isText(data: Data): boolean {
  const { type } = data;
  const values: DataType = DataType.isDictionary(type) ? type.dictionary : type;
  return DataType.isUtf8(values) || DataType.isLargeUtf8(values) || DataType.isUtf8View(values);
}

function textAt(data: Data, at: number): string | null {
  if (!isValid(data, at)) return null;
  if (DataType.isDictionary(data.type)) return dictionaryTextAt(data, Number(rawAt(data, at)));
  const bytes = DataType.isUtf8View(data.type) ? viewedBytes(data, at) : textBytes(data, at);
  const text = decodeText(bytes);
  if (text !== null) return text;
  const found = `${bytes.length} bytes that are too long or no UTF-8`;
  const { reason, detail } = badAssetName(at, found);
  throw new Unreadable(reason, detail);
}

function textBytes(data: Data, at: number): Uint8Array {
  return bytesIn(data.values, offsetAt(data, at), offsetAt(data, at + 1));
}

/** A string of up to twelve bytes is inline in its view; for a longer one the view holds buffer and offset. */
function viewedBytes(data: Data, at: number): Uint8Array {
  const start = VIEW_BYTES * (data.offset + at);
  const view = bytesIn(data.values, start, start + VIEW_BYTES);
  const fields = new DataView(view.buffer, view.byteOffset, VIEW_BYTES);
  const length = fields.getInt32(0, true);
  if (length <= VIEW_BYTES - 4) return bytesIn(view, 4, 4 + length);
  const from = fields.getInt32(12, true);
  return bytesIn(data.variadicBuffers[fields.getInt32(8, true)], from, from + length);
}

function bytesIn(bytes: unknown, start: number, end: number): Uint8Array {
  if (!(bytes instanceof Uint8Array) || start < 0 || end < start || bytes.length < end) {
    throw damaged("a text reaches beyond its bytes");
  }
  return bytes.subarray(start, end);
}

function dictionaryTextAt(data: Data, index: number): string | null {
  let at = index;
  for (const chunk of data.dictionary?.data ?? []) {
    if (0 <= at && at < chunk.length) return textAt(chunk, at);
    at -= chunk.length;
  }
  throw damaged(`a dictionary has no entry ${index}`);
}

function rawAt(data: Data, at: number): number | bigint {
  const value: unknown = data.values?.[data.offset + at];
  if (typeof value === "number" || typeof value === "bigint") return value;
  throw damaged("a column is shorter than it says");
}

function offsetAt(data: Data, at: number): number {
  const offset: unknown = data.valueOffsets?.[data.offset + at];
  if (typeof offset === "number" || typeof offset === "bigint") return Number(offset);
  throw damaged("a column's offsets are shorter than it says");
}

function requireValue(data: Data, name: ColumnName): void {
  if (!isValid(data, 0)) throw missingValue(name);
}

function isValid(data: Data, at: number): boolean {
  if (DataType.isNull(data.type)) return false;
  if (data.nullCount <= 0) return true;
  const bit = data.offset + at;
  const byte: unknown = data.nullBitmap?.[bit >> 3];
  if (typeof byte !== "number") throw damaged("a column lacks its validity bitmap");
  return ((byte >> (bit & 7)) & 1) === 1;
}

function missingValue(name: ColumnName): Unreadable {
  return new Unreadable("value_null", `${name} is null; every column needs a value`);
}

function wrongType(data: Data, name: ColumnName, expected: string): Unreadable {
  // oxlint-disable-next-line typescript/no-base-to-string -- every type of apache-arrow has its own.
  const found = String(data.type).slice(0, 100);
  return new Unreadable("column_type", `${name} holds ${found}; write it as ${expected}`);
}

function damaged(found: string): Unreadable {
  return new Unreadable("malformed", `${found}; the file is damaged, write it again`);
}
