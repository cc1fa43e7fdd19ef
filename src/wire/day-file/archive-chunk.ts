/** Many scans: rows of one universe as columns, in the order in which the bridge pushes them. */
export type ArchiveChunk = {
  readonly rows: number;
  /**
   * The names of the columns of `prices`. Consecutive chunks share one array while the universe does not
   * change.
   */
  readonly assets: readonly string[];
  /** Row-major, rows x assets. NaN: the asset has no valid price in this scan. */
  readonly prices: Float64Array;
  /** Row r has the eigenvalues from `eigenvalueOffsets[r]` to `eigenvalueOffsets[r + 1]`. */
  readonly eigenvalues: Float64Array;
  readonly eigenvalueOffsets: Int32Array;
  /** When the scan was computed. */
  readonly timesUs: Float64Array;
  /** The file time that orders scans: min(mtime, first seen), as far as it is known. */
  readonly fileTimeUs: Float64Array;
  readonly mtimeUs: Float64Array;
  readonly sizes: Float64Array;
  /** 0 where it is not known. */
  readonly seq: Float64Array;
  readonly scanNumber: Float64Array;
  /** CRC-32 of each file's bytes. */
  readonly checksums: Uint32Array;
  /** SHA-256 of each file, 32 bytes a row; empty where scan files were read without hashing. */
  readonly hashes: Uint8Array;
  /** `YYYY-MM-DD/name`. */
  file(row: number): string;
};

export const HASH_BYTES = 32;

/** Mostly both are the same array, so the names are rarely compared. */
export function isSameUniverse(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, at) => name === b[at]));
}

/** Views, no copies. */
export function sliceChunk(chunk: ArchiveChunk, from: number, to: number): ArchiveChunk {
  if (from === 0 && to === chunk.rows) return chunk;
  const assets = chunk.assets.length;
  return {
    rows: to - from,
    assets: chunk.assets,
    prices: chunk.prices.subarray(from * assets, to * assets),
    eigenvalues: chunk.eigenvalues,
    eigenvalueOffsets: chunk.eigenvalueOffsets.subarray(from, to + 1),
    timesUs: chunk.timesUs.subarray(from, to),
    fileTimeUs: chunk.fileTimeUs.subarray(from, to),
    mtimeUs: chunk.mtimeUs.subarray(from, to),
    sizes: chunk.sizes.subarray(from, to),
    seq: chunk.seq.subarray(from, to),
    scanNumber: chunk.scanNumber.subarray(from, to),
    checksums: chunk.checksums.subarray(from, to),
    hashes: chunk.hashes.subarray(from * HASH_BYTES, to * HASH_BYTES),
    file: (row) => chunk.file(from + row),
  };
}
