/** Recognises the schema that pyarrow writes for a scan, column by column and in the contract's order. */
import type { TimeUnit } from "../../domain/scan/timestamp.ts";
import { byteAt, fieldAt, rootAt, shortAt, tableAt, vectorAt } from "./flatbuffer.ts";

const ARROW_TYPE = { int: 2, float: 3, utf8: 5, timestamp: 10, list: 12 } as const;
const DOUBLE_PRECISION = 2;
const TIME_UNITS: readonly TimeUnit[] = ["s", "ms", "us", "ns"];
const COLUMNS = ["scan_number", "timestamp", "assets", "asset_prices", "eigenvalues"].map((name) =>
  new TextEncoder().encode(name),
);

/** The timestamp's unit, or null when the schema is another one. */
export function matchFixedSchema(view: DataView, schema: number): TimeUnit | null {
  const fields = vectorAt(view, fieldAt(view, schema, 1), 4);
  if (shortAt(view, schema, 0) !== 0 || fields.length !== COLUMNS.length) return null;
  const column = (at: number): number => rootAt(view, fields.start + 4 * at);
  for (let at = 0; at < COLUMNS.length; at += 1) {
    if (!hasName(view, column(at), COLUMNS[at] ?? new Uint8Array())) return null;
  }
  const matches =
    isLong(view, column(0)) &&
    isList(view, column(2), isUtf8) &&
    isList(view, column(3), isDouble) &&
    isList(view, column(4), isDouble);
  if (!matches || !isType(view, column(1), ARROW_TYPE.timestamp)) return null;
  return TIME_UNITS[shortAt(view, tableAt(view, column(1), 3), 0)] ?? null;
}

function hasName(view: DataView, field: number, expected: Uint8Array): boolean {
  const name = vectorAt(view, fieldAt(view, field, 0), 1);
  if (name.length !== expected.length) return false;
  for (let at = 0; at < expected.length; at += 1) {
    if (view.getUint8(name.start + at) !== expected[at]) return false;
  }
  return true;
}

/** Of this type, and not dictionary-encoded. */
function isType(view: DataView, field: number, type: number): boolean {
  const plain = fieldAt(view, field, 4) === 0;
  return plain && byteAt(view, field, 2) === type && tableAt(view, field, 3) !== 0;
}

function isLong(view: DataView, field: number): boolean {
  if (!isType(view, field, ARROW_TYPE.int)) return false;
  const type = tableAt(view, field, 3);
  const bits = fieldAt(view, type, 0);
  return bits !== 0 && view.getInt32(bits, true) === 64 && byteAt(view, type, 1) === 1;
}

function isUtf8(view: DataView, field: number): boolean {
  return isType(view, field, ARROW_TYPE.utf8);
}

function isDouble(view: DataView, field: number): boolean {
  if (!isType(view, field, ARROW_TYPE.float)) return false;
  return shortAt(view, tableAt(view, field, 3), 0) === DOUBLE_PRECISION;
}

function isList(
  view: DataView,
  field: number,
  isItem: (view: DataView, field: number) => boolean,
): boolean {
  if (!isType(view, field, ARROW_TYPE.list)) return false;
  const children = vectorAt(view, fieldAt(view, field, 5), 4);
  return children.length === 1 && isItem(view, rootAt(view, children.start));
}
