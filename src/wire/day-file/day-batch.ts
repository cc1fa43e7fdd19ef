/**
 * Reads the blocks of a day file straight from their bytes: a batch becomes chunks whose numbers are views into
 * it. Only for blocks whose checksum was verified, because then this module's own writer laid them out.
 */
import { SCAN_ASSETS_MAX } from "../../domain/scan/scan.ts";
import { messageAt } from "../arrow/completeness.ts";
import { fieldAt, rootAt, tableAt, vectorAt } from "../arrow/flatbuffer.ts";
import { batchHeader, type BatchHeader, bufferBytes, bufferOffset } from "../arrow/record-batch.ts";
import { type DayHeader, HEADER_KEY, parseDayHeader } from "./day-header.ts";
import { HASH_BYTES, type ArchiveChunk, sliceChunk } from "./archive-chunk.ts";

/** Index of each column's first buffer (its validity) among the buffers of a batch. */
const FILE = 0;
const FILE_TIME = 3;
const MTIME = 5;
const SIZE = 7;
const SHA256 = 9;
const CRC32 = 11;
const SEQ = 13;
const SCAN_NUMBER = 15;
const TIMESTAMP = 17;
const ASSETS = 19;
const PRICES = 21;
const EIGENVALUES = 25;
const BUFFERS = 29;
const PREFIX_BYTES = 8; // Continuation mark and length in front of a message.
const TAIL_BYTES = 10; // Length of the footer, then the magic.

type Body = { readonly header: BatchHeader; readonly bytes: Uint8Array; readonly start: number };

/** The last bytes of a file, which hold the footer's length. */
export const FOOTER_TAIL_BYTES = TAIL_BYTES;

/** Length of the footer with its tail, in bytes; null when the tail is invalid. */
export function footerBytes(tail: Buffer): number | null {
  const isArrow = tail.length === TAIL_BYTES && tail.toString("latin1", 4) === "ARROW1";
  const length = isArrow ? tail.readInt32LE(0) : 0;
  return length <= 0 ? null : length + TAIL_BYTES;
}

/** Null when the footer holds no header of ours. */
export function headerInFooter(footer: Uint8Array): DayHeader | null {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  try {
    const schema = tableAt(view, rootAt(view, 0), 1);
    const pairs = vectorAt(view, fieldAt(view, schema, 2), 4);
    for (let at = 0; at < pairs.length; at += 1) {
      const pair = rootAt(view, pairs.start + 4 * at);
      if (textAt(view, pair, 0) === HEADER_KEY) return parseDayHeader(textAt(view, pair, 1));
    }
    return null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function textAt(view: DataView, table: number, field: number): string {
  const text = vectorAt(view, fieldAt(view, table, field), 1);
  return Buffer.from(view.buffer, view.byteOffset + text.start, text.length).toString("utf8");
}

/** The name lists of the dictionary block. @throws {RangeError} when it is not such a block. */
export function readUniverses(bytes: Uint8Array): readonly (readonly string[])[] {
  const body = bodyOf(bytes, (message) => tableAt(message.metadata, message.header, 1));
  const outer = offsets(body, 1);
  const inner = offsets(body, 3);
  const data = buffer(body, 4);
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: body.header.rows }, (_, at) => {
    const [from, to] = [outer[at]!, outer[at + 1]!];
    return Array.from({ length: to - from }, (_unused, position) =>
      text.toString("utf8", inner[from + position], inner[from + position + 1]),
    );
  });
}

/** The rows of a batch, one chunk for each run of rows with the same universe; views into `bytes`. */
export function* chunksOf(
  bytes: Uint8Array,
  universes: readonly (readonly string[])[],
): Generator<ArchiveChunk> {
  const body = bodyOf(bytes, (message) => message.header);
  if (body.header.buffers.length !== BUFFERS) throw new RangeError("a batch of another layout");
  const { rows } = body.header;
  const universeOf = new Int32Array(...placeOf(body, ASSETS + 1, rows));
  const priceOffsets = offsets(body, PRICES + 1);
  const prices = doubles(body, PRICES + 3);
  const all = { ...columnsOf(body, rows), eigenvalueOffsets: offsets(body, EIGENVALUES + 1) };
  for (let from = 0; from < rows;) {
    const universe = universeOf[from]!;
    let to = from + 1;
    while (to < rows && universeOf[to] === universe) to += 1;
    const assets = universes[universe];
    if (assets === undefined || SCAN_ASSETS_MAX < assets.length) {
      throw new RangeError(`universe ${universe} is unknown`);
    }
    const run = sliceChunk({ ...all, assets: [], prices }, from, to);
    const ofRun = prices.subarray(priceOffsets[from], priceOffsets[to]);
    if (ofRun.length !== (to - from) * assets.length) throw new RangeError("prices are missing");
    yield { ...run, assets, prices: ofRun };
    from = to;
  }
}

function columnsOf(
  body: Body,
  rows: number,
): Omit<ArchiveChunk, "assets" | "prices" | "eigenvalueOffsets"> {
  const names = offsets(body, FILE + 1);
  const text = buffer(body, FILE + 2);
  const textBuffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  return {
    rows,
    eigenvalues: doubles(body, EIGENVALUES + 3),
    timesUs: integers(body, TIMESTAMP + 1, rows),
    fileTimeUs: integers(body, FILE_TIME + 1, rows),
    mtimeUs: integers(body, MTIME + 1, rows),
    sizes: integers(body, SIZE + 1, rows),
    // A null is stored as 0.
    seq: integers(body, SEQ + 1, rows),
    scanNumber: integers(body, SCAN_NUMBER + 1, rows),
    checksums: new Uint32Array(...placeOf(body, CRC32 + 1, rows)),
    hashes: buffer(body, SHA256 + 1).subarray(0, rows * HASH_BYTES),
    file: (row) => textBuffer.toString("utf8", names[row], names[row + 1]),
  };
}

function bodyOf(
  bytes: Uint8Array,
  tableIn: (message: ReturnType<typeof messageAt>) => number,
): Body {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = PREFIX_BYTES + view.getInt32(4, true);
  const message = messageAt(view, PREFIX_BYTES, start);
  const header = batchHeader(message, tableIn(message));
  if (header.compressed || bytes.length < start + message.bodyBytes) {
    throw new RangeError("the block is compressed or cut");
  }
  return { header, bytes, start };
}

function buffer(body: Body, at: number): Uint8Array {
  const from = body.start + bufferOffset(body.header, at);
  return body.bytes.subarray(from, from + bufferBytes(body.header, at));
}

function placeOf(body: Body, at: number, count: number): [ArrayBufferLike, number, number] {
  const found = buffer(body, at);
  return [found.buffer, found.byteOffset, count];
}

/** As many as the buffer holds, padding included. */
function offsets(body: Body, at: number): Int32Array {
  return new Int32Array(...placeOf(body, at, bufferBytes(body.header, at) >> 2));
}

function doubles(body: Body, at: number): Float64Array {
  return new Float64Array(...placeOf(body, at, bufferBytes(body.header, at) >> 3));
}

/** Reads 64-bit integers within 53 bits by halves: bigints cost ten times as much. */
function integers(body: Body, at: number, rows: number): Float64Array {
  const halves = new Int32Array(...placeOf(body, at, rows * 2));
  const numbers = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    numbers[row] = halves[row * 2 + 1]! * 0x1_0000_0000 + (halves[row * 2]! >>> 0);
  }
  return numbers;
}
