/**
 * Returns the same frame with the scan's five columns decompressed. Used for files whose unknown columns have
 * types that apache-arrow does not know: the fixed-layout reader can skip those columns.
 */
import { SCAN_FILE_BYTES_MAX } from "../../../domain/scan/scan.ts";
import type { Frame, IpcMessage } from "../completeness.ts";
import { byteAt, fieldAt, rootAt, sizeAt, tableAt } from "../flatbuffer.ts";
import { type FixedSchema, matchFixedSchema } from "../fixed-schema.ts";
import { batchHeader, bufferBytes, bufferOffset } from "../record-batch.ts";
import { decompress } from "./codecs.ts";

const COMPRESSION_FIELD = 3;
const STORED = 0xffff_ffff;
const PREFIX_BYTES = 8;

/** Null where the columns are not laid out as pyarrow does. @throws {RangeError} when a length is wrong. */
export function expandedFrame(frame: Frame): Frame | null {
  const [message, ...others] = frame.messages;
  const schema = matchFixedSchema(frame.schema);
  if (message === undefined || schema === null || others.length !== 0) return null;
  const header = batchHeader(message, message.header);
  if (!header.compressed) return frame;
  if (header.buffers.length !== schema.end.buffer) return null;
  const codec = byteAt(header.metadata, tableAt(header.metadata, message.header, 3), 0);
  const known = buffersOf(schema);
  const parts = Array.from({ length: header.buffers.length }, (_, buffer) => {
    if (!known.has(buffer)) return new Uint8Array(0);
    const start = message.bodyStart + bufferOffset(header, buffer);
    return expanded(frame.view, { start, bytes: bufferBytes(header, buffer) }, codec);
  });
  return withBody(frame, message, parts);
}

/** A numeric column has two buffers, a list of numbers four, a list of strings five. */
function buffersOf({ scanNumber, timestamp, assets, prices, eigenvalues }: FixedSchema) {
  const found = new Set<number>();
  for (const [{ buffer }, count] of [
    [scanNumber, 2],
    [timestamp, 2],
    [assets, 5],
    [prices, 4],
    [eigenvalues, 4],
  ] as const) {
    for (let at = 0; at < count; at += 1) found.add(buffer + at);
  }
  return found;
}

function expanded(
  view: DataView,
  { start, bytes }: { readonly start: number; readonly bytes: number },
  codec: number,
): Uint8Array {
  if (bytes === 0) return new Uint8Array(0);
  if (bytes < PREFIX_BYTES) throw new RangeError("a compressed buffer does not state its length");
  const data = new Uint8Array(
    view.buffer,
    view.byteOffset + start + PREFIX_BYTES,
    bytes - PREFIX_BYTES,
  );
  const isStored = view.getUint32(start, true) === STORED && view.getInt32(start + 4, true) === -1;
  if (isStored) return data;
  const claimed = sizeAt(view, start);
  if (SCAN_FILE_BYTES_MAX < claimed)
    throw new RangeError("a buffer claims more than a file may have");
  const found = decompress(codec, data);
  if (found.length !== claimed)
    throw new RangeError("a buffer does not have the length that it states");
  return found;
}

/** Copies the metadata, points its buffers into a new body that follows it, and removes the compression. */
function withBody(frame: Frame, message: IpcMessage, parts: readonly Uint8Array[]): Frame {
  const bodyStart = message.bodyStart + (-message.bodyStart & 7);
  const bodyBytes = parts.reduce((sum, part) => sum + aligned(part.length), 0);
  const bytes = new Uint8Array(bodyStart + bodyBytes);
  bytes.set(new Uint8Array(frame.view.buffer, frame.view.byteOffset, message.bodyStart));
  const view = new DataView(bytes.buffer);
  const metadata = new DataView(bytes.buffer, 0, message.bodyStart);
  const buffers = rootAt(metadata, fieldAt(metadata, message.header, 2)) + 4;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    bytes.set(part, bodyStart + at);
    view.setBigInt64(buffers + 16 * index, BigInt(at), true);
    view.setBigInt64(buffers + 16 * index + 8, BigInt(part.length), true);
    at += aligned(part.length);
  }
  const vtable = message.header - view.getInt32(message.header, true);
  view.setUint16(vtable + 4 + 2 * COMPRESSION_FIELD, 0, true);
  return { ...frame, view, messages: [{ ...message, metadata, bodyStart, bodyBytes }] };
}

function aligned(bytes: number): number {
  return bytes + (-bytes & 7);
}
