/**
 * Reads the header of a record batch: rows, nodes and buffers. Invariant: every buffer is aligned and inside
 * the message's body.
 */
import type { IpcMessage } from "./completeness.ts";
import { fieldAt, longAt, sizeAt, vectorAt, type Vector } from "./flatbuffer.ts";

const NODE_BYTES = 16;
const BUFFER_BYTES = 16;
/** Limit on all columns of a file, nested ones included; a scan has eight nodes. */
export const NODES_MAX = 4_096;

export type BatchHeader = {
  readonly metadata: DataView;
  readonly rows: number;
  readonly compressed: boolean;
  readonly nodes: Vector;
  readonly buffers: Vector;
};

/** Reads the RecordBatch table at `table` of this message. @throws {RangeError} when its offsets are wrong. */
export function batchHeader(message: IpcMessage, table: number): BatchHeader {
  const { metadata, bodyBytes } = message;
  const nodes = vectorAt(metadata, fieldAt(metadata, table, 1), NODE_BYTES);
  const buffers = vectorAt(metadata, fieldAt(metadata, table, 2), BUFFER_BYTES);
  if (NODES_MAX < nodes.length || NODES_MAX * 4 < buffers.length) {
    throw new RangeError(`a batch has ${nodes.length} columns and ${buffers.length} buffers`);
  }
  for (let at = 0; at < buffers.length; at += 1) {
    const position = buffers.start + at * BUFFER_BYTES;
    const offset = sizeAt(metadata, position);
    if (offset % 8 !== 0 || bodyBytes < offset + sizeAt(metadata, position + 8)) {
      throw new RangeError(`buffer ${at} is unaligned or reaches beyond the message's body`);
    }
  }
  const compressed = fieldAt(metadata, table, 3) !== 0;
  return { metadata, rows: longAt(metadata, table, 0), compressed, nodes, buffers };
}

export function nodeLength(batch: BatchHeader, node: number): number {
  return sizeAt(batch.metadata, batch.nodes.start + node * NODE_BYTES);
}

export function nodeNulls(batch: BatchHeader, node: number): number {
  return sizeAt(batch.metadata, batch.nodes.start + node * NODE_BYTES + 8);
}

/** Relative to the start of the body, in bytes. */
export function bufferOffset(batch: BatchHeader, buffer: number): number {
  return sizeAt(batch.metadata, batch.buffers.start + buffer * BUFFER_BYTES);
}

export function bufferBytes(batch: BatchHeader, buffer: number): number {
  return sizeAt(batch.metadata, batch.buffers.start + buffer * BUFFER_BYTES + 8);
}
