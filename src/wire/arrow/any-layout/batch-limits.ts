/** Checks what a file claims about its rows, columns and buffers before apache-arrow believes it. */
import { invalidScan, SCAN_FILE_BYTES_MAX, type InvalidScan } from "../../../domain/scan/scan.ts";
import { BATCH_HEADER, DICTIONARY_HEADER, type Frame } from "../completeness.ts";
import {
  byteAt,
  fieldAt,
  rootAt,
  shortAt,
  sizeAt,
  tableAt,
  vectorAt,
  type Vector,
} from "../flatbuffer.ts";
import { batchHeader, nodeLength, NODES_MAX, type BatchHeader } from "../record-batch.ts";

const DEPTH_MAX = 32;
/** Type numbers of the Arrow format: run-end encoded, list view and large list view. */
const UNREADABLE_TYPES: ReadonlySet<number> = new Set([22, 25, 26]);

/** Null when the file's claims are within the limits and add up to one row. */
export function checkLimits(frame: Frame): InvalidScan | null {
  try {
    return checkSchema(frame) ?? checkBatches(frame);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return invalidScan("malformed", `${error.message}; the file is damaged, write it again`);
  }
}

/** Walks the fields level by level, so that neither the claimed depth nor the claimed count is trusted. */
function checkSchema({ schema }: Frame): InvalidScan | null {
  const view = schema.metadata;
  if (shortAt(view, schema.table, 0) !== 0) {
    return invalidScan("unsupported", "the file is big-endian; write it on a little-endian host");
  }
  let level = [fieldAt(view, schema.table, 1)];
  let fields = 0;
  for (let depth = 0; level.length !== 0; depth += 1) {
    if (depth === DEPTH_MAX) return tooLarge(`columns are nested more than ${DEPTH_MAX} deep`);
    const next: number[] = [];
    for (const position of level) {
      const children = vectorAt(view, position, 4);
      fields += children.length;
      if (NODES_MAX < fields) return tooLarge(`it has more than ${NODES_MAX} columns`);
      for (let at = 0; at < children.length; at += 1) {
        const field = rootAt(view, children.start + 4 * at);
        if (UNREADABLE_TYPES.has(byteAt(view, field, 2))) return unreadableType();
        vectorAt(view, fieldAt(view, field, 6), 4); // Its metadata: apache-arrow walks it, so it is checked.
        const grandchildren = fieldAt(view, field, 5);
        if (grandchildren !== 0) next.push(grandchildren);
      }
    }
    level = next;
  }
  return null;
}

function checkBatches({ messages }: Frame): InvalidScan | null {
  let rows = 0;
  for (const message of messages) {
    const isDictionary = message.headerType === DICTIONARY_HEADER;
    if (!isDictionary && message.headerType !== BATCH_HEADER) {
      return invalidScan("unsupported", "the file holds tensors; write one record batch");
    }
    const table = isDictionary ? tableAt(message.metadata, message.header, 1) : message.header;
    if (table === 0) throw new RangeError("a dictionary has no values");
    const batch = batchHeader(message, table);
    for (let node = 0; node < batch.nodes.length; node += 1) {
      if (SCAN_FILE_BYTES_MAX < nodeLength(batch, node)) {
        throw new RangeError(`column ${node} claims ${nodeLength(batch, node)} values`);
      }
    }
    checkVariadic(batch, vectorAt(message.metadata, fieldAt(message.metadata, table, 4), 8));
    if (!isDictionary) rows += batch.rows;
  }
  if (rows === 1) return null;
  return invalidScan("rows_not_one", `the file has ${rows} rows; a scan file has exactly one`);
}

/** Number of data buffers of each string-view column: apache-arrow creates as many as the file claims. */
function checkVariadic({ metadata, buffers }: BatchHeader, counts: Vector): void {
  if (NODES_MAX < counts.length) throw new RangeError(`it has ${counts.length} columns of views`);
  let claimed = 0;
  for (let at = 0; at < counts.length; at += 1) claimed += sizeAt(metadata, counts.start + 8 * at);
  if (buffers.length < claimed) {
    throw new RangeError(
      `a batch claims ${claimed} buffers of texts and has ${buffers.length} of all`,
    );
  }
}

function unreadableType(): InvalidScan {
  return invalidScan(
    "unsupported",
    "a column is run-end encoded or a list view, and the scan's own are not all of the usual " +
      "types; leave that column out or write the scan's own as pyarrow does",
  );
}

function tooLarge(found: string): InvalidScan {
  return invalidScan("too_large", `${found}; a scan has five columns of lists`);
}
