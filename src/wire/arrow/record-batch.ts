/**
 * Reads the header of a record batch: rows, nodes and buffers.
 * Invariant: every buffer lies inside the message's body, and the body inside the file.
 */
import type { Message } from "./completeness.ts";
import { fieldAt, longAt, sizeAt, vectorAt, type Vector } from "./flatbuffer.ts";

const NODE_BYTES = 16;
const BUFFER_BYTES = 16;
/** Counts all columns of a file, nested ones too; a scan has eight nodes. */
export const NODES_MAX = 4_096;

export type BatchHeader = {
  readonly rows: number;
  readonly compressed: boolean;
  readonly nodes: Vector;
  readonly buffers: Vector;
};

/** Reads the RecordBatch table at `table`, of this message; throws RangeError when it lies. */
export function batchHeader(view: DataView, message: Message, table: number): BatchHeader {
  const nodes = vectorAt(view, fieldAt(view, table, 1), NODE_BYTES);
  const buffers = vectorAt(view, fieldAt(view, table, 2), BUFFER_BYTES);
  if (NODES_MAX < nodes.length || NODES_MAX * 4 < buffers.length) {
    throw new RangeError(`a batch has ${nodes.length} columns and ${buffers.length} buffers`);
  }
  if (view.byteLength < message.bodyStart + message.bodyBytes) {
    throw new RangeError("a message's body reaches beyond the end of the file");
  }
  for (let at = 0; at < buffers.length; at += 1) {
    const position = buffers.start + at * BUFFER_BYTES;
    if (message.bodyBytes < sizeAt(view, position) + sizeAt(view, position + 8)) {
      throw new RangeError(`buffer ${at} reaches beyond the message's body`);
    }
  }
  const compressed = fieldAt(view, table, 3) !== 0;
  return { rows: longAt(view, table, 0), compressed, nodes, buffers };
}

export function nodeLength(view: DataView, batch: BatchHeader, node: number): number {
  return sizeAt(view, batch.nodes.start + node * NODE_BYTES);
}

export function nodeNulls(view: DataView, batch: BatchHeader, node: number): number {
  return sizeAt(view, batch.nodes.start + node * NODE_BYTES + 8);
}

/** Relative to the start of the body. */
export function bufferOffset(view: DataView, batch: BatchHeader, buffer: number): number {
  return sizeAt(view, batch.buffers.start + buffer * BUFFER_BYTES);
}

export function bufferBytes(view: DataView, batch: BatchHeader, buffer: number): number {
  return sizeAt(view, batch.buffers.start + buffer * BUFFER_BYTES + 8);
}
