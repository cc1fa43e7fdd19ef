/**
 * Merges sorted sources of scans into the archive's order: by file time, then by name. A source that begins later
 * than the present row is not opened yet, so that memory does not grow with the number of days.
 */
import { compareScans, type Timed } from "../../../domain/scan/order.ts";
import { type ArchiveChunk, sliceChunk } from "../../../wire/day-file/archive-chunk.ts";

export type ChunkSource = {
  /** None of its rows is expected to be older. */
  readonly notBeforeUs: number;
  /** File time of its first row; Infinity when it has none. Called only when that time may be due. */
  readonly firstUs: () => Promise<number>;
  readonly chunks: () => AsyncGenerator<ArchiveChunk>;
};

type Waiting = { readonly source: ChunkSource; atUs: number; isKnown: boolean };
type Cursor = { readonly rest: AsyncGenerator<ArchiveChunk>; chunk: ArchiveChunk; row: number };

/** Each chunk is valid until the next one is requested. */
export async function* mergeScans(sources: readonly ChunkSource[]): AsyncGenerator<ArchiveChunk> {
  const waiting: Waiting[] = sources.map((source) => ({
    source,
    atUs: source.notBeforeUs,
    isKnown: false,
  }));
  const cursors: Cursor[] = [];
  try {
    for (;;) {
      await openDue(waiting, cursors);
      const first = leastOf(cursors);
      if (first === undefined) return;
      const others = cursors.filter((cursor) => cursor !== first);
      const limit = leastOf(others);
      const openUs = Math.min(Infinity, ...waiting.map((one) => one.atUs));
      const end = endBefore(first, limit === undefined ? null : keyOf(limit), openUs);
      yield sliceChunk(first.chunk, first.row, end);
      first.row = end;
      if (end === first.chunk.rows && !(await advance(first))) {
        cursors.splice(cursors.indexOf(first), 1);
      }
    }
  } finally {
    for (const { rest } of cursors) await rest.return(undefined);
  }
}

/** Opens the sources that may hold the next row; one whose first row is later keeps waiting. */
async function openDue(waiting: Waiting[], cursors: Cursor[]): Promise<void> {
  for (;;) {
    const next = waiting.reduce<Waiting | null>(
      (least, one) => (least === null || one.atUs < least.atUs ? one : least),
      null,
    );
    if (next === null) return;
    const head = leastOf(cursors);
    if (head !== undefined && keyOf(head).timeUs < next.atUs) return;
    if (!next.isKnown) {
      next.atUs = await next.source.firstUs();
      next.isKnown = true;
      if (next.atUs === Infinity) waiting.splice(waiting.indexOf(next), 1);
      continue;
    }
    waiting.splice(waiting.indexOf(next), 1);
    const rest = next.source.chunks();
    const got = await rest.next();
    if (got.done !== true) cursors.push({ rest, chunk: got.value, row: 0 });
  }
}

async function advance(cursor: Cursor): Promise<boolean> {
  const next = await cursor.rest.next();
  if (next.done === true) return false;
  cursor.chunk = next.value;
  cursor.row = 0;
  return true;
}

function leastOf(cursors: readonly Cursor[]): Cursor | undefined {
  let least = cursors[0];
  if (cursors.length < 2) return least;
  for (const cursor of cursors) {
    if (least !== undefined && compareScans(keyOf(cursor), keyOf(least)) < 0) least = cursor;
  }
  return least;
}

function keyOf({ chunk, row }: Cursor): Timed {
  return keyAt(chunk, row);
}

export function keyAt(chunk: ArchiveChunk, row: number): Timed {
  return { timeUs: chunk.fileTimeUs[row]!, name: chunk.file(row) };
}

/** End of the rows that precede every other source; at least one row. */
function endBefore({ chunk, row }: Cursor, limit: Timed | null, openUs: number): number {
  const precedes = (at: number): boolean =>
    chunk.fileTimeUs[at]! < openUs && (limit === null || compareScans(keyAt(chunk, at), limit) < 0);
  if (precedes(chunk.rows - 1)) return chunk.rows;
  let low = row + 1;
  let high = chunk.rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (precedes(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
