/** Drops scans whose bytes came before under any name: the bridge gives such a duplicate no seq. */
import { type ArchiveChunk, sliceChunk } from "../../../wire/day-file/archive-chunk.ts";
import { SeenScans } from "./seen-scans.ts";

/** Each chunk is valid until the next one is requested; nothing after it has been examined until then. */
export async function* distinctScans(
  chunks: AsyncGenerator<ArchiveChunk>,
  onDuplicate: (chunk: ArchiveChunk, row: number) => void,
  seen = new SeenScans(),
): AsyncGenerator<ArchiveChunk> {
  for await (const chunk of chunks) {
    let from = 0;
    for (let row = 0; row < chunk.rows; row += 1) {
      if (seen.add(chunk, row)) continue;
      if (from < row) yield sliceChunk(chunk, from, row);
      onDuplicate(chunk, row);
      from = row + 1;
    }
    if (from < chunk.rows) yield sliceChunk(chunk, from, chunk.rows);
  }
}
