/**
 * The archive as a stream of scans, for whoever reads much of it: in the order in which the bridge
 * would push it, from compacted files where they stand and from scan files where they don't.
 * Invariant: memory does not grow with the number of scans.
 */
import type { ScanChunk } from "../../../wire/day-file/scan-chunk.ts";
import { listDays } from "../list-archive.ts";
import { compactedNames } from "./compacted-days.ts";
import type { SeqLookup } from "./day-files.ts";
import { distinctScans } from "./distinct-scans.ts";
import { sourcesOfDays } from "./day-sources.ts";
import { mergeScans } from "./merge-scans.ts";
import { createColumnReader } from "./read-columns.ts";

export type { ScanChunk } from "../../../wire/day-file/scan-chunk.ts";

export type ReadScansOptions = {
  /** First and last day folder, both included; null: all there are. */
  readonly from: string | null;
  readonly to: string | null;
  /** From the bridge's journal; without it the seqs of scan files are unknown (0). */
  readonly seqs?: SeqLookup;
  readonly onRefused?: (file: string, reason: string, detail: string) => void;
  readonly onDuplicate?: (file: string) => void;
  readonly onProblem?: (problem: string) => void;
};

const NO_SEQS: SeqLookup = () => new Map();

/** Each chunk is valid until the next one is asked for. @throws when the archive cannot be listed. */
export async function* readScans(
  archive: string,
  options: ReadScansOptions,
): AsyncGenerator<ScanChunk> {
  const { onRefused, onDuplicate, onProblem } = options;
  const reader = createColumnReader();
  const context = {
    archive,
    reader,
    withHashes: false,
    seqs: options.seqs ?? NO_SEQS,
    onRefused: (file: { readonly name: string }, reason: string, detail: string) =>
      onRefused?.(file.name, reason, detail),
    onProblem: (problem: string) => onProblem?.(problem),
  };
  const sources = sourcesOfDays(context, daysIn(archive, options));
  try {
    yield* distinctScans(mergeScans(sources), (chunk, row) => onDuplicate?.(chunk.file(row)));
  } finally {
    await reader.close();
  }
}

/** A day whose folder was taken away counts while its compacted file stands. */
function daysIn(
  archive: string,
  { from, to }: Pick<ReadScansOptions, "from" | "to">,
): readonly string[] {
  const found = listDays(archive);
  if (found.kind === "missing") throw new Error(`the archive ${archive} does not exist`);
  if (found.kind === "failed") {
    throw new Error(`the archive ${archive} cannot be listed: ${found.detail}`);
  }
  const days = new Set([...found.days, ...compactedNames(archive).keys()]);
  return [...days]
    .filter((day) => (from === null || from <= day) && (to === null || day <= to))
    .toSorted();
}
