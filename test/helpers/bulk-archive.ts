/** Archives for the bulk reader, and its results as comparable rows. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactDay, type CompactOutcome } from "../../src/operations/compaction/compact-day.ts";
import type { SeqLookup } from "../../src/adapters/archive/days/day-files.ts";
import { readScans, type ReadScansOptions } from "../../src/adapters/archive/days/read-scans.ts";

export type Row = {
  readonly file: string;
  readonly scanNumber: number;
  readonly timeUs: number;
  readonly fileTimeUs: number;
  readonly mtimeUs: number;
  readonly seq: number;
  readonly assets: readonly string[];
  /** Bits, so that every difference shows. */
  readonly prices: string;
  readonly eigenvalues: string;
};

export function newArchive(): string {
  return mkdtempSync(join(tmpdir(), "dolphin-bulk-"));
}

/** Text that differs where a bit of a double does; all NaN are one. */
export function bitsOf(values: Float64Array): string {
  const plain = values.map((value) => (Number.isNaN(value) ? Number.NaN : value));
  return Buffer.from(plain.buffer).toString("hex");
}

export async function rowsOf(
  archive: string,
  options: Partial<ReadScansOptions> = {},
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const chunk of readScans(archive, { from: null, to: null, ...options })) {
    const width = chunk.assets.length;
    for (let row = 0; row < chunk.rows; row += 1) {
      const eigenvalues = chunk.eigenvalues.slice(
        chunk.eigenvalueOffsets[row],
        chunk.eigenvalueOffsets[row + 1],
      );
      rows.push({
        file: chunk.file(row),
        scanNumber: chunk.scanNumber[row] ?? Number.NaN,
        timeUs: chunk.timesUs[row] ?? Number.NaN,
        fileTimeUs: chunk.fileTimeUs[row] ?? Number.NaN,
        mtimeUs: chunk.mtimeUs[row] ?? Number.NaN,
        seq: chunk.seq[row] ?? Number.NaN,
        assets: chunk.assets,
        prices: bitsOf(chunk.prices.slice(row * width, (row + 1) * width)),
        eigenvalues: bitsOf(eigenvalues),
      });
    }
  }
  return rows;
}

export function compact(
  archive: string,
  day: string,
  {
    seqs = () => new Map(),
    signal = new AbortController().signal,
  }: {
    readonly seqs?: SeqLookup;
    readonly signal?: AbortSignal;
  } = {},
): Promise<CompactOutcome> {
  return compactDay(archive, day, {
    seqs,
    nowMs: () => Date.now(),
    onProgress: () => {},
    onProblem: () => {},
    signal,
  });
}
