/** Recognises the types that pyarrow gives a scan's columns, and finds these columns among unknown ones. */
import type { TimeUnit } from "../../domain/scan/timestamp.ts";
import type { SchemaTable } from "./completeness.ts";
import { byteAt, fieldAt, rootAt, shortAt, tableAt, vectorAt } from "./flatbuffer.ts";
import { NODES_MAX } from "./record-batch.ts";

/** Arrow numbers the nodes and buffers of a batch depth first over its columns. */
export type Place = { readonly node: number; readonly buffer: number };

export type FixedSchema = {
  readonly timeUnit: TimeUnit;
  readonly scanNumber: Place;
  readonly timestamp: Place;
  readonly assets: Place;
  readonly prices: Place;
  readonly eigenvalues: Place;
  /** Where the last column ends. */
  readonly end: Place;
};

const TYPE = { int: 2, float: 3, utf8: 5, timestamp: 10, list: 12 } as const;
/** Number of buffers of each type, indexed by Arrow's type number; -1 where that is not fixed. */
const BUFFERS_OF_TYPE: readonly number[] = [
  -1, 0, 2, 2, 3, 3, 2, 2, 2, 2, 2, 2, 2, 1, -1, 2, 1, 2, 2, 3, 3, 2, 0, -1, -1, 3, 3,
];
const DOUBLE_PRECISION = 2;
const TIME_UNITS: readonly TimeUnit[] = ["s", "ms", "us", "ns"];
const DEPTH_MAX = 8;
const COLUMNS = [
  { name: asBytes("scan_number"), matches: isLong },
  { name: asBytes("timestamp"), matches: isTimestamp },
  { name: asBytes("assets"), matches: isListOfText },
  { name: asBytes("asset_prices"), matches: isListOfDoubles },
  { name: asBytes("eigenvalues"), matches: isListOfDoubles },
] as const;

/**
 * Null when one of the five columns is missing, duplicated or of another type, or an unknown column cannot be
 * skipped.
 */
export function matchFixedSchema(schema: SchemaTable): FixedSchema | null {
  const view = schema.metadata;
  const isBigEndian = shortAt(view, schema.table, 0) !== 0;
  if (isBigEndian) return null;
  const fields = vectorAt(view, fieldAt(view, schema.table, 1), 4);
  const walk = { view, node: 0, buffer: 0, depth: 0 };
  const places: (Place | undefined)[] = [];
  let timeUnit: TimeUnit | undefined;
  for (let at = 0; at < fields.length; at += 1) {
    const field = rootAt(view, fields.start + 4 * at);
    for (let index = 0; index < COLUMNS.length; index += 1) {
      const column = COLUMNS[index]!;
      if (!hasName(view, field, column.name)) continue;
      if (places[index] !== undefined || !column.matches(view, field)) return null;
      places[index] = { node: walk.node, buffer: walk.buffer };
      if (column.matches === isTimestamp) timeUnit = timeUnitOf(view, field);
    }
    if (!skip(walk, field)) return null;
  }
  const [scanNumber, timestamp, assets, prices, eigenvalues] = places;
  if (!scanNumber || !timestamp || !assets || !prices || !eigenvalues || !timeUnit) return null;
  return { timeUnit, scanNumber, timestamp, assets, prices, eigenvalues, end: walk };
}

type Walk = { readonly view: DataView; node: number; buffer: number; depth: number };

/** Advances to the start of the next column; false where its size cannot be determined. */
function skip(walk: Walk, field: number): boolean {
  const { view } = walk;
  walk.node += 1;
  vectorAt(view, fieldAt(view, field, 6), 4); // The field's metadata, which apache-arrow walks.
  // A dictionary-encoded column has the two buffers of its indices, whatever the dictionary's type.
  const isDictionary = fieldAt(view, field, 4) !== 0;
  const buffers = isDictionary ? 2 : (BUFFERS_OF_TYPE[byteAt(view, field, 2)] ?? -1);
  if (buffers === -1 || walk.depth === DEPTH_MAX || NODES_MAX < walk.node) return false;
  walk.buffer += buffers;
  if (isDictionary) return true;
  const children = vectorAt(view, fieldAt(view, field, 5), 4);
  walk.depth += 1;
  for (let at = 0; at < children.length; at += 1) {
    if (!skip(walk, rootAt(view, children.start + 4 * at))) return false;
  }
  walk.depth -= 1;
  return true;
}

function hasName(view: DataView, field: number, expected: Uint8Array): boolean {
  const name = vectorAt(view, fieldAt(view, field, 0), 1);
  if (name.length !== expected.length) return false;
  for (let at = 0; at < expected.length; at += 1) {
    if (view.getUint8(name.start + at) !== expected[at]) return false;
  }
  return true;
}

/** Whether the field has this type and is not dictionary-encoded. */
function isType(view: DataView, field: number, type: number): boolean {
  const plain = fieldAt(view, field, 4) === 0;
  return plain && byteAt(view, field, 2) === type && tableAt(view, field, 3) !== 0;
}

function isLong(view: DataView, field: number): boolean {
  if (!isType(view, field, TYPE.int)) return false;
  const type = tableAt(view, field, 3);
  const bits = fieldAt(view, type, 0);
  return bits !== 0 && view.getInt32(bits, true) === 64 && byteAt(view, type, 1) === 1;
}

function isTimestamp(view: DataView, field: number): boolean {
  return isType(view, field, TYPE.timestamp);
}

function timeUnitOf(view: DataView, field: number): TimeUnit | undefined {
  return TIME_UNITS[shortAt(view, tableAt(view, field, 3), 0)];
}

function isListOfText(view: DataView, field: number): boolean {
  const item = itemOf(view, field);
  return item !== 0 && isType(view, item, TYPE.utf8);
}

function isListOfDoubles(view: DataView, field: number): boolean {
  const item = itemOf(view, field);
  if (item === 0 || !isType(view, item, TYPE.float)) return false;
  return shortAt(view, tableAt(view, item, 3), 0) === DOUBLE_PRECISION;
}

/** The field of the list's items, or 0 when it is not a list. */
function itemOf(view: DataView, field: number): number {
  if (!isType(view, field, TYPE.list)) return 0;
  const children = vectorAt(view, fieldAt(view, field, 5), 4);
  return children.length === 1 ? rootAt(view, children.start) : 0;
}

function asBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
