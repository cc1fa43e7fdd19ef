/**
 * A hash of the scans that were read, block by block, each block's with the one before: so that a
 * reading that was stopped goes on without the scans it has hashed.
 */
import { createHash } from "node:crypto";
import type { ScanChunk } from "../../wire/day-file/scan-chunk.ts";

/** Part of what the hash is: another number gives other hashes. */
const BLOCK_SCANS = 1_024;

export type DataHash = {
  /** Of the whole blocks. */
  chain: string;
  /** Of the block under way. */
  count: number;
  readonly timesUs: Float64Array;
  /** Of each file's bytes: whatever else of a scan changes, its checksum does. */
  readonly checksums: Float64Array;
};

export function createDataHash(): DataHash {
  const timesUs = new Float64Array(BLOCK_SCANS);
  return { chain: "", count: 0, timesUs, checksums: new Float64Array(BLOCK_SCANS) };
}

export function addToDataHash(hash: DataHash, chunk: ScanChunk): void {
  for (let row = 0; row < chunk.rows; row += 1) {
    hash.timesUs[hash.count] = chunk.timesUs[row]!;
    hash.checksums[hash.count] = chunk.checksums[row]!;
    hash.count += 1;
    if (hash.count < BLOCK_SCANS) continue;
    hash.chain = dataHashOf(hash);
    hash.count = 0;
  }
}

/** Does not change the hash: it can go on. */
export function dataHashOf({ chain, count, timesUs, checksums }: DataHash): string {
  return createHash("sha256")
    .update(chain)
    .update(timesUs.subarray(0, count))
    .update(checksums.subarray(0, count))
    .digest("hex");
}
