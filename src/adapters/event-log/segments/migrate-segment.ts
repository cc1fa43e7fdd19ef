/** Rewrites a segment of an earlier version in the present format; a crash leaves one of the two. */
import { SegmentCursor } from "./segment-cursor.ts";
import { writeWhole } from "./segment-files.ts";
import { encodeHeader, RECORD_HEAD_BYTES, sealRecord } from "./segment-format.ts";

/** Every readable record is copied to the new file, which replaces the old one; a torn end is dropped. */
export function migrateSegment(cursor: SegmentCursor): void {
  writeWhole(cursor.path, presentRecords(cursor));
}

function* presentRecords(cursor: SegmentCursor): Generator<Uint8Array> {
  yield encodeHeader(cursor.header);
  for (let record = cursor.next(); record !== null; record = cursor.next()) {
    const payloadBytes = record.payload.length;
    const bytes = Buffer.allocUnsafe(RECORD_HEAD_BYTES + payloadBytes);
    record.payload.copy(bytes, RECORD_HEAD_BYTES);
    sealRecord(bytes, 0, { ...record, payloadBytes });
    yield bytes;
  }
}
