/**
 * Finds the messages of an Arrow IPC file or stream, and detects a file that may still be growing. Invariant:
 * "complete" means that following the lengths from the start reached the end mark; a truncated, empty or
 * zero-filled file is never complete.
 */
import { invalidScan, SCAN_FILE_BYTES_MAX, type InvalidScan } from "../../domain/scan/scan.ts";
import {
  byteAt,
  fieldAt,
  longAt,
  rootAt,
  shortAt,
  sizeAt,
  tableAt,
  vectorAt,
} from "./flatbuffer.ts";

export const SCHEMA_HEADER = 1;
export const DICTIONARY_HEADER = 2;
export const BATCH_HEADER = 3;
/** A scan needs a schema, one batch and at most a few dictionaries. */
export const MESSAGES_MAX = 1_000;

/** The body of the message, inside the file. */
export type IpcMessage = {
  /** The file up to the end of the message's metadata: its tables may not reach beyond. */
  readonly metadata: DataView;
  readonly headerType: number;
  /** Offset of the table of the message's header. */
  readonly header: number;
  readonly bodyStart: number;
  readonly bodyBytes: number;
};

export type SchemaTable = { readonly metadata: DataView; readonly table: number };

export type Frame = {
  readonly kind: "complete";
  readonly view: DataView;
  readonly schema: SchemaTable;
  readonly messages: readonly IpcMessage[];
};

export type Incomplete = { readonly kind: "incomplete"; readonly detail: string };

const MAGIC = [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31]; // ARROW1
const FILE_HEAD_BYTES = 8;
const FILE_TAIL_BYTES = 10; // Length of the footer, then the magic.
const CONTINUATION = [0xff, 0xff, 0xff, 0xff];
const STREAM_END = [...CONTINUATION, 0, 0, 0, 0];
const NO_FILE_END = "the Arrow file has no end mark";
const ZERO_END = "the file ends in zeros";
const BLOCK_BYTES = 24;
/** One more than the number of zero bytes that end a whole stream. */
const ZERO_TAIL_BYTES = 5;
/** The versions since 2017, as Arrow numbers them; the ones before lay buffers out otherwise. */
const METADATA_V4 = 3;
const METADATA_V5 = 4;

export function locateFrame(bytes: Uint8Array): Frame | Incomplete | InvalidScan {
  if (bytes.length === 0) return incomplete("the file is empty");
  if (SCAN_FILE_BYTES_MAX < bytes.length) {
    return invalidScan(
      "too_large",
      `the file has ${bytes.length} bytes; at most ${SCAN_FILE_BYTES_MAX} are read`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (beginsWith(bytes, MAGIC)) return locateFile(bytes, view);
    if (beginsWith(bytes, CONTINUATION)) return locateStream(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return broken(view, error.message);
  }
  return endsInZeros(view, ZERO_TAIL_BYTES) ? incomplete(ZERO_END) : notArrow();
}

/**
 * Whether the first and last bytes alone prove that this file is not a whole scan, so that a large file that
 * grows is not read again after each write. Null when the whole file has to be read.
 */
export function judgeEnds(head: Uint8Array, tail: Uint8Array): Incomplete | InvalidScan | null {
  if (beginsWith(head, MAGIC)) {
    return beginsWith(tail.subarray(-MAGIC.length), MAGIC) ? null : incomplete(NO_FILE_END);
  }
  if (beginsWith(head, CONTINUATION)) {
    const isEnded = beginsWith(tail.subarray(-STREAM_END.length), STREAM_END);
    return isEnded ? null : incomplete("the Arrow stream does not end in its end mark");
  }
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  return endsInZeros(view, ZERO_TAIL_BYTES) ? incomplete(ZERO_END) : notArrow();
}

function locateFile(bytes: Uint8Array, view: DataView): Frame | Incomplete | InvalidScan {
  const tail = bytes.length - FILE_TAIL_BYTES;
  if (tail <= FILE_HEAD_BYTES || !beginsWith(bytes.subarray(tail + 4), MAGIC)) {
    return incomplete(NO_FILE_END);
  }
  const footerBytes = view.getInt32(tail, true);
  const footerStart = tail - footerBytes;
  if (footerBytes <= 0 || footerStart < FILE_HEAD_BYTES) {
    return malformed(`the footer's length was ${footerBytes} in a file of ${bytes.length} bytes`);
  }
  const metadata = viewUpTo(view, tail);
  const footer = rootAt(metadata, footerStart);
  const schema = schemaTable(metadata, tableAt(metadata, footer, 1));
  vectorAt(metadata, fieldAt(metadata, footer, 4), 4);
  const messages: IpcMessage[] = [];
  for (const [field, headerType] of [
    [2, DICTIONARY_HEADER],
    [3, BATCH_HEADER],
  ] as const) {
    const blocks = vectorAt(metadata, fieldAt(metadata, footer, field), BLOCK_BYTES);
    if (MESSAGES_MAX < blocks.length) return tooManyMessages();
    for (let at = 0; at < blocks.length; at += 1) {
      const message = fileMessage(view, blocks.start + at * BLOCK_BYTES, footerStart);
      if (message?.headerType !== headerType) return malformed("the footer points to no message");
      messages.push(message);
    }
  }
  return { kind: "complete", view, schema, messages };
}

/** The message that a block of the footer names; footer and message must state the same lengths. */
function fileMessage(view: DataView, block: number, footerStart: number): IpcMessage | null {
  const offset = sizeAt(view, block);
  const metadataBytes = view.getInt32(block + 8, true);
  // Before Arrow 0.15 there was no continuation mark in front of the length.
  const prefixBytes = view.getInt32(offset, true) === -1 ? 8 : 4;
  const lengthWritten = view.getInt32(offset + prefixBytes - 4, true);
  const bodyStart = offset + metadataBytes;
  const message = messageAt(view, offset + prefixBytes, bodyStart);
  const agree =
    FILE_HEAD_BYTES <= offset &&
    prefixBytes + lengthWritten === metadataBytes &&
    message.bodyBytes === sizeAt(view, block + 16) &&
    bodyStart + message.bodyBytes <= footerStart;
  return agree ? message : null;
}

function locateStream(view: DataView): Frame | Incomplete | InvalidScan {
  const messages: IpcMessage[] = [];
  for (let at = 0; ;) {
    if (view.byteLength < at + 8) return incomplete("the Arrow stream has no end mark");
    if (view.getInt32(at, true) !== -1) return broken(view, `no message begins at byte ${at}`);
    const metadataBytes = view.getInt32(at + 4, true);
    at += 8;
    if (metadataBytes === 0) return endStream(view, messages, at);
    const bodyStart = at + metadataBytes;
    if (metadataBytes < 0) return malformed(`the message at byte ${at} has a negative length`);
    if (view.byteLength < bodyStart) return incomplete("the Arrow stream ends within a message");
    const message = messageAt(view, at, bodyStart);
    if (messages.length === MESSAGES_MAX) return tooManyMessages();
    messages.push(message);
    at = bodyStart + message.bodyBytes;
  }
}

function endStream(
  view: DataView,
  messages: readonly IpcMessage[],
  end: number,
): Frame | Incomplete | InvalidScan {
  const [first, ...rest] = messages;
  if (end < view.byteLength) {
    if (endsInZeros(view, view.byteLength - end)) return incomplete("zeros follow the stream");
    return invalidScan(
      "trailing_bytes",
      `${view.byteLength - end} bytes follow the stream's end; write one scan a file`,
    );
  }
  if (first?.headerType !== SCHEMA_HEADER) return malformed("the stream begins with no schema");
  if (rest.some((message) => message.headerType === SCHEMA_HEADER)) {
    return malformed("the stream has a second schema");
  }
  const schema = schemaTable(first.metadata, first.header);
  return { kind: "complete", view, schema, messages: rest };
}

/** The message whose metadata is at `start` to `bodyStart`. @throws {RangeError} when its offsets are wrong. */
export function messageAt(view: DataView, start: number, bodyStart: number): IpcMessage {
  const metadata = viewUpTo(view, bodyStart);
  const message = rootAt(metadata, start);
  const header = tableAt(metadata, message, 2);
  if (header === 0) throw new RangeError(`the message at byte ${start} has no header`);
  const version = shortAt(metadata, message, 0);
  if (version !== METADATA_V4 && version !== METADATA_V5) {
    throw new RangeError(`the message at byte ${start} has metadata of version ${version}`);
  }
  vectorAt(metadata, fieldAt(metadata, message, 4), 4);
  const headerType = byteAt(metadata, message, 1);
  const bodyBytes = longAt(metadata, message, 3);
  return { metadata, headerType, header, bodyStart, bodyBytes };
}

/** Nobody reads its key-value metadata and features, but apache-arrow walks them, so they are checked. */
function schemaTable(metadata: DataView, table: number): SchemaTable {
  if (table === 0) throw new RangeError("the file has no schema");
  vectorAt(metadata, fieldAt(metadata, table, 2), 4);
  vectorAt(metadata, fieldAt(metadata, table, 3), 8);
  return { metadata, table };
}

function viewUpTo(view: DataView, end: number): DataView {
  if (view.byteLength < end) throw new RangeError(`metadata reaches beyond the end of the file`);
  return new DataView(view.buffer, view.byteOffset, end);
}

function beginsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, at) => bytes.length <= at || bytes[at] === byte);
}

/** A preallocated file is zero from some offset on; a writer may still fill it. */
function broken(view: DataView, detail: string): Incomplete | InvalidScan {
  return endsInZeros(view, ZERO_TAIL_BYTES)
    ? incomplete(`${detail}; the rest is zeros`)
    : malformed(detail);
}

function endsInZeros(view: DataView, count: number): boolean {
  for (let at = Math.max(0, view.byteLength - count); at < view.byteLength; at += 1) {
    if (view.getUint8(at) !== 0) return false;
  }
  return true;
}

function incomplete(detail: string): Incomplete {
  return { kind: "incomplete", detail: `${detail}; it may still be growing` };
}

function malformed(detail: string): InvalidScan {
  return invalidScan("malformed", `${detail}; the file is damaged, write it again`);
}

function notArrow(): InvalidScan {
  return invalidScan(
    "not_arrow",
    "the file begins neither as an Arrow IPC file nor as an Arrow IPC stream (of Arrow 0.15 or " +
      "newer); write it with pyarrow.ipc.new_file",
  );
}

function tooManyMessages(): InvalidScan {
  return invalidScan("too_large", `the file has more than ${MESSAGES_MAX} Arrow messages`);
}
