/**
 * A hash of the scans that were read, computed in chained blocks, so that an interrupted reading can continue without
 * the scans already hashed.
 */
import { createHash } from "node:crypto";
import type { ArchiveChunk } from "../../wire/day-file/archive-chunk.ts";

/** Part of the definition: another number gives other hashes. */
const BLOCK_SCANS = 1_024;

export type DataHash = {
  /** The hash over all complete blocks. */
  chain: string;
  /** Number of scans in the current block. */
  count: number;
  readonly timesUs: Float64Array;
  /** A checksum over each file's bytes: it changes with any other content of a scan. */
  readonly checksums: Float64Array;
};

export function createDataHash(): DataHash {
  const timesUs = new Float64Array(BLOCK_SCANS);
  return { chain: "", count: 0, timesUs, checksums: new Float64Array(BLOCK_SCANS) };
}

export function addToDataHash(hash: DataHash, chunk: ArchiveChunk): void {
  for (let row = 0; row < chunk.rows; row += 1) {
    hash.timesUs[hash.count] = chunk.timesUs[row]!;
    hash.checksums[hash.count] = chunk.checksums[row]!;
    hash.count += 1;
    if (hash.count < BLOCK_SCANS) continue;
    hash.chain = dataHashOf(hash);
    hash.count = 0;
  }
}

/** Does not finish the hash: more can be added. */
export function dataHashOf({ chain, count, timesUs, checksums }: DataHash): string {
  return createHash("sha256")
    .update(chain)
    .update(timesUs.subarray(0, count))
    .update(checksums.subarray(0, count))
    .digest("hex");
}
