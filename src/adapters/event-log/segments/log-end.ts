/** The end of a book's log, and the epoch that wrote it. */
import { isCreationTorn, SegmentCursor } from "./segment-cursor.ts";
import { listSegmentDays, segmentPath } from "./segment-files.ts";

export type LogEnd = {
  /** Null for an empty log. */
  readonly nextIndex: number | null;
  /** The epoch of the last record; 0 for none. */
  readonly epoch: number;
};

/** Reads the newest day; if it has no record yet, an earlier day has the epoch. */
export function endOfLog(folder: string): LogEnd {
  let nextIndex: number | null = null;
  for (const day of listSegmentDays(folder).toReversed()) {
    const path = segmentPath(folder, day);
    if (isCreationTorn(path)) continue;
    const cursor = new SegmentCursor(path);
    try {
      let epoch: number | null = null;
      for (let record = cursor.next(); record !== null; record = cursor.next())
        ({ epoch } = record);
      nextIndex ??= cursor.nextIndex;
      if (epoch !== null) return { nextIndex, epoch };
    } finally {
      cursor.close();
    }
  }
  return { nextIndex, epoch: 0 };
}
