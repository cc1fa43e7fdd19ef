/** Drops the scans whose bytes came before, under whatever name: the bridge gives them no seq. */
import { HASH_BYTES, type ScanChunk, sliceChunk } from "../../../wire/day-file/scan-chunk.ts";
import { SeenHashes } from "./seen-hashes.ts";

/** Each chunk is valid until the next one is asked for. */
export async function* distinctScans(
  chunks: AsyncGenerator<ScanChunk>,
  onDuplicate: (chunk: ScanChunk, row: number) => void,
): AsyncGenerator<ScanChunk> {
  const seen = new SeenHashes();
  for await (const chunk of chunks) {
    const words = wordsOf(chunk.hashes);
    let from = 0;
    for (let row = 0; row < chunk.rows; row += 1) {
      if (seen.add(words, (row * HASH_BYTES) / Int32Array.BYTES_PER_ELEMENT)) continue;
      onDuplicate(chunk, row);
      if (from < row) yield sliceChunk(chunk, from, row);
      from = row + 1;
    }
    if (from < chunk.rows) yield sliceChunk(chunk, from, chunk.rows);
  }
}

function wordsOf(hashes: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = hashes;
  return new Int32Array(buffer, byteOffset, length / Int32Array.BYTES_PER_ELEMENT);
}
