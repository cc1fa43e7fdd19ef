/**
 * A book event as bytes (little-endian): half the size of its JSON, and a tenth of the work. A scan may wait for
 * hundreds of them.
 *
 * Kind u8 = 4, flags u8 (1: knownMs is given), asset bytes u16, bid numbers u16, ask numbers u16, nowMs, asOfMs, knownMs
 * f64, then bids, asks f64, then the asset.
 */
import type { BookEvent } from "../../domain/trading/events.ts";

export const KIND_BOOK = 4;
const IS_KNOWN = 1;
const HEAD_BYTES = 32;
const NUMBERS_MAX = 1_024;
const ASSET_BYTES_MAX = 1_024;
const SCRATCH = Buffer.alloc(HEAD_BYTES + 8 * NUMBERS_MAX + ASSET_BYTES_MAX);
/** By their length: a view costs as much as all else, and garbage that a scan would wait for. */
const VIEWS = new Map<number, Buffer>();
const VALUES = new Float64Array(SCRATCH.buffer, SCRATCH.byteOffset, SCRATCH.length / 8);

/** The result is valid until the next call; null: it is larger than any that a feed brings, or its asset is no text. */
export function encodeBook(event: BookEvent): Buffer | null {
  const { asset, bids, asks } = event;
  const count = bids.length + asks.length;
  if (NUMBERS_MAX < count || ASSET_BYTES_MAX < 3 * asset.length) return null;
  // UTF-8 would keep no half of a pair.
  if (!asset.isWellFormed()) return null;
  const assetBytes = SCRATCH.write(asset, HEAD_BYTES + 8 * count);
  SCRATCH[0] = KIND_BOOK;
  SCRATCH[1] = event.knownMs === undefined ? 0 : IS_KNOWN;
  SCRATCH.writeUInt16LE(assetBytes, 2);
  SCRATCH.writeUInt16LE(bids.length, 4);
  SCRATCH.writeUInt16LE(asks.length, 6);
  VALUES[1] = event.nowMs;
  VALUES[2] = event.asOfMs;
  VALUES[3] = event.knownMs ?? 0;
  let at = HEAD_BYTES / 8;
  for (let i = 0; i < bids.length; i += 1) VALUES[at++] = bids[i]!;
  for (let i = 0; i < asks.length; i += 1) VALUES[at++] = asks[i]!;
  return viewOf(HEAD_BYTES + 8 * count + assetBytes);
}

/** Ends the error on a record that is sound but cannot be read. */
export const PERHAPS_NEWER =
  "A newer release of DOLPHIN may have written it: run that one again, or restore a backup";

/** @throws {Error} that says what was found, when `encodeBook` did not write this. */
export function decodeBook(record: Buffer, index: number): BookEvent {
  const isHead = HEAD_BYTES <= record.length;
  const assetBytes = isHead ? record.readUInt16LE(2) : 0;
  const bidCount = isHead ? record.readUInt16LE(4) : 0;
  const askCount = isHead ? record.readUInt16LE(6) : 0;
  const asksAt = HEAD_BYTES + 8 * bidCount;
  const assetAt = asksAt + 8 * askCount;
  const bytes = assetAt + assetBytes;
  if (bytes !== record.length) {
    throw new Error(`book ${index} has ${record.length} bytes, its head says ${bytes}`);
  }
  const flags = record[1] ?? 0;
  if ((flags & ~IS_KNOWN) !== 0) {
    throw new Error(`book ${index} has flags ${flags}. ${PERHAPS_NEWER}`);
  }
  return {
    kind: "book",
    index,
    nowMs: record.readDoubleLE(8),
    asset: record.toString("utf8", assetAt, bytes),
    asOfMs: record.readDoubleLE(16),
    bids: numbersAt(record, HEAD_BYTES, bidCount),
    asks: numbersAt(record, asksAt, askCount),
    ...((flags & IS_KNOWN) === 0 ? {} : { knownMs: record.readDoubleLE(24) }),
  };
}

function viewOf(bytes: number): Buffer {
  const kept = VIEWS.get(bytes);
  if (kept !== undefined) return kept;
  const view = SCRATCH.subarray(0, bytes);
  VIEWS.set(bytes, view);
  return view;
}

function numbersAt(record: Buffer, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => record.readDoubleLE(from + 8 * at));
}
