/**
 * The archive as a stream of scans for bulk readers: in the order in which the bridge would push them, from compacted
 * files where there are any, else from scan files. Invariant: memory does not grow with the number of scans.
 */
import type { Timed } from "../../../domain/scan/order.ts";
import { type ArchiveChunk, sliceChunk } from "../../../wire/day-file/archive-chunk.ts";
import { listDays } from "../list-archive.ts";
import { compactedNames } from "./compacted-days.ts";
import type { SeqLookup } from "./day-files.ts";
import { distinctScans } from "./distinct-scans.ts";
import { firstRowAfter, sourcesOfDays } from "./day-sources.ts";
import { keyAt, mergeScans, type ChunkSource } from "./merge-scans.ts";
import { createColumnReader } from "./read-columns.ts";
import { SeenScans } from "./seen-scans.ts";

export type { ArchiveChunk } from "../../../wire/day-file/archive-chunk.ts";

/** The position of a reading after the last requested chunk: a reading that gets it continues after that chunk. */
export type ReadingPlace = {
  readonly seen: SeenScans;
  /** Days that are finished. */
  readonly done: Set<string>;
  /** The last scan that was delivered of each other day. */
  readonly last: Map<string, Timed>;
};

export function startOfReading(): ReadingPlace {
  return { seen: new SeenScans(), done: new Set(), last: new Map() };
}

export type ReadScansOptions = {
  /** First and last day folder, inclusive; null: no limit. */
  readonly from: string | null;
  readonly to: string | null;
  /** From the bridge's journal; without it the seqs of scan files are unknown (0). */
  readonly seqs?: SeqLookup;
  readonly onRefused?: (file: string, reason: string, detail: string) => void;
  readonly onDuplicate?: (file: string) => void;
  readonly onProblem?: (problem: string) => void;
  /**
   * Requests the order in which each day was written where file times contradict scan numbers and timestamps; called
   * with the day and the number of moved scans. Absent: the bridge's order.
   */
  readonly onReordered?: (day: string, moved: number) => void;
  /** Kept up to date. */
  readonly place?: ReadingPlace;
};

const NO_SEQS: SeqLookup = () => new Map();

/** Each chunk is valid until the next one is requested. @throws when the archive cannot be listed. */
export async function* readScans(
  archive: string,
  options: ReadScansOptions,
): AsyncGenerator<ArchiveChunk> {
  const { onRefused, onDuplicate, onProblem } = options;
  const reader = createColumnReader();
  const context = {
    archive,
    reader,
    withHashes: false,
    seqs: options.seqs ?? NO_SEQS,
    onReordered: options.onReordered,
    onRefused: (file: { readonly name: string }, reason: string, detail: string) =>
      onRefused?.(file.name, reason, detail),
    onProblem: (problem: string) => onProblem?.(problem),
  };
  const place = options.place ?? startOfReading();
  const days = daysIn(archive, options).filter((day) => !place.done.has(day));
  const sources = sourcesOfDays(context, days).map((source, at) =>
    behindPlace(source, place, days[at]!),
  );
  const onSame = (chunk: ArchiveChunk, row: number) => onDuplicate?.(chunk.file(row));
  try {
    for await (const chunk of distinctScans(mergeScans(sources), onSame, place.seen)) {
      const last = keyAt(chunk, chunk.rows - 1);
      place.last.set(last.name.slice(0, last.name.indexOf("/")), last);
      yield chunk;
    }
  } finally {
    await reader.close();
  }
}

/** Skips the scans up to the last one that was delivered of the day. */
function behindPlace(source: ChunkSource, place: ReadingPlace, day: string): ChunkSource {
  const last = place.last.get(day);
  return {
    ...source,
    // It was open already, so it is opened again.
    notBeforeUs: last === undefined ? source.notBeforeUs : -Infinity,
    async *chunks() {
      for await (const chunk of source.chunks()) {
        const from = last === undefined ? 0 : firstRowAfter(chunk, last);
        if (from < chunk.rows) yield sliceChunk(chunk, from, chunk.rows);
      }
      place.done.add(day);
      place.last.delete(day);
    },
  };
}

/** A day without a folder counts as long as its compacted file exists. */
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
