/**
 * Reads FlatBuffers tables in place. Positions are byte offsets into one DataView. Invariant: the DataView
 * checks the bounds of every read, and `vectorAt` those of every vector before anybody loops over it. A
 * violation throws RangeError, which the caller turns into a value.
 */

export function rootAt(view: DataView, start: number): number {
  return start + view.getUint32(start, true);
}

/** Offset of the field, or 0 when the table does not have it. */
export function fieldAt(view: DataView, table: number, index: number): number {
  const vtable = table - view.getInt32(table, true);
  const slot = 4 + 2 * index;
  if (view.getInt16(vtable, true) <= slot) return 0;
  const offset = view.getUint16(vtable + slot, true);
  return offset === 0 ? 0 : table + offset;
}

/** The table that a field points to, or 0. */
export function tableAt(view: DataView, table: number, index: number): number {
  const field = fieldAt(view, table, index);
  return field === 0 ? 0 : rootAt(view, field);
}

export function byteAt(view: DataView, table: number, index: number): number {
  const field = fieldAt(view, table, index);
  return field === 0 ? 0 : view.getUint8(field);
}

export function shortAt(view: DataView, table: number, index: number): number {
  const field = fieldAt(view, table, index);
  return field === 0 ? 0 : view.getInt16(field, true);
}

export function longAt(view: DataView, table: number, index: number): number {
  const field = fieldAt(view, table, index);
  return field === 0 ? 0 : sizeAt(view, field);
}

/** A 64-bit length, offset or count; negative values and values above 2^53 are refused. */
export function sizeAt(view: DataView, position: number): number {
  const high = view.getInt32(position + 4, true);
  if (high < 0 || 0x1f_ffff < high) throw new RangeError("a 64-bit size is out of range");
  return high * 0x1_0000_0000 + view.getUint32(position, true);
}

export type Vector = { readonly start: number; readonly length: number };
const EMPTY: Vector = { start: 0, length: 0 };

/** A vector of elements of `elementBytes` each, all of them inside the view. */
export function vectorAt(view: DataView, field: number, elementBytes: number): Vector {
  if (field === 0) return EMPTY;
  const at = rootAt(view, field);
  const length = view.getUint32(at, true);
  if (view.byteLength < at + 4 + length * elementBytes) {
    throw new RangeError("a vector reaches beyond the end of the file");
  }
  return { start: at + 4, length };
}
