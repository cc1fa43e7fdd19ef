/** Rows of stored chunks, put together in a new order. */
import {
  HASH_BYTES,
  isSameUniverse,
  type ArchiveChunk,
} from "../../../../wire/day-file/archive-chunk.ts";

export type PickedRow = { readonly chunk: ArchiveChunk; readonly row: number };
type TimedRow = PickedRow & { readonly fileTimeUs: number };

const ROWS_MAX = 256;

/** A copy that stays valid when the source's buffers are reused. */
export function keptChunk(chunk: ArchiveChunk): ArchiveChunk {
  const { rows, eigenvalueOffsets } = chunk;
  const first = eigenvalueOffsets[0]!;
  const names = Array.from({ length: rows }, (_, row) => chunk.file(row));
  return {
    rows,
    assets: chunk.assets,
    prices: chunk.prices.slice(0, rows * chunk.assets.length),
    eigenvalues: chunk.eigenvalues.slice(first, eigenvalueOffsets[rows]),
    eigenvalueOffsets: eigenvalueOffsets.slice(0, rows + 1).map((offset) => offset - first),
    timesUs: chunk.timesUs.slice(0, rows),
    fileTimeUs: chunk.fileTimeUs.slice(0, rows),
    mtimeUs: chunk.mtimeUs.slice(0, rows),
    sizes: chunk.sizes.slice(0, rows),
    seq: chunk.seq.slice(0, rows),
    scanNumber: chunk.scanNumber.slice(0, rows),
    checksums: chunk.checksums.slice(0, rows),
    hashes: chunk.hashes.slice(0, rows * HASH_BYTES),
    file: (row) => names[row]!,
  };
}

/** As chunks with one universe each. */
export function* picked(rows: readonly TimedRow[]): Generator<ArchiveChunk> {
  let assets: readonly string[] = [];
  for (let from = 0; from < rows.length;) {
    const { chunk } = rows[from]!;
    // Consecutive chunks with the same universe share its array.
    if (!isSameUniverse(assets, chunk.assets)) ({ assets } = chunk);
    let to = from + 1;
    while (
      to < rows.length &&
      to - from < ROWS_MAX &&
      isSameUniverse(rows[to]!.chunk.assets, assets)
    ) {
      to += 1;
    }
    yield chunkOf(assets, rows.slice(from, to));
    from = to;
  }
}

function chunkOf(assets: readonly string[], rows: readonly TimedRow[]): ArchiveChunk {
  const column = (name: NumberColumn) =>
    Float64Array.from(rows, ({ chunk, row }) => chunk[name][row]!);
  const width = assets.length;
  const prices = new Float64Array(rows.length * width);
  const hashes = new Uint8Array(rows[0]!.chunk.hashes.length === 0 ? 0 : rows.length * HASH_BYTES);
  const eigenvalueOffsets = new Int32Array(rows.length + 1);
  const eigenvalues = rows.map(({ chunk, row }, at) => {
    prices.set(chunk.prices.subarray(row * width, (row + 1) * width), at * width);
    if (0 < hashes.length) {
      hashes.set(chunk.hashes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES), at * HASH_BYTES);
    }
    const { eigenvalueOffsets: offsets } = chunk;
    const own = chunk.eigenvalues.subarray(offsets[row], offsets[row + 1]);
    eigenvalueOffsets[at + 1] = eigenvalueOffsets[at]! + own.length;
    return own;
  });
  const allEigenvalues = new Float64Array(eigenvalueOffsets.at(-1)!);
  eigenvalues.forEach((own, at) => allEigenvalues.set(own, eigenvalueOffsets[at]));
  return {
    rows: rows.length,
    assets,
    prices,
    eigenvalues: allEigenvalues,
    eigenvalueOffsets,
    timesUs: column("timesUs"),
    fileTimeUs: Float64Array.from(rows, ({ fileTimeUs }) => fileTimeUs),
    mtimeUs: column("mtimeUs"),
    sizes: column("sizes"),
    seq: column("seq"),
    scanNumber: column("scanNumber"),
    checksums: Uint32Array.from(rows, ({ chunk, row }) => chunk.checksums[row]!),
    hashes,
    file: (row) => {
      const from = rows[row]!;
      return from.chunk.file(from.row);
    },
  };
}

type NumberColumn = "timesUs" | "mtimeUs" | "sizes" | "seq" | "scanNumber";
