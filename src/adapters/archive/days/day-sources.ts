/**
 * The sources of one day's scans: its compacted file where that is intact, plus the scan files that it lacks; all
 * scan files where there is none.
 */
import { statSync } from "node:fs";
import { codeOf } from "../../../domain/failure.ts";
import { areNamesInOrder } from "../../../domain/scan/archive-order.ts";
import { compareScans, type Timed } from "../../../domain/scan/order.ts";
import { MS_PER_HOUR, US_PER_MS } from "../../../domain/time.ts";
import { type ArchiveChunk, sliceChunk } from "../../../wire/day-file/archive-chunk.ts";
import { pathOf } from "../list-archive.ts";
import {
  type CompactedDay,
  compactedNames,
  DamagedDayError,
  openCompactedDay,
} from "./compacted-days.ts";
import { type DayFileEntry, listDayFiles, type SeqLookup } from "./day-files.ts";
import { readLooseFiles } from "./loose-files.ts";
import { areOfDay, type DayPlan, orderedDay, startOfDayUs } from "./order/ordered-day.ts";
import { keyAt, mergeScans, type ChunkSource } from "./merge-scans.ts";
import type { ColumnReader } from "./read-columns.ts";

export type DayContext = {
  readonly archive: string;
  readonly reader: ColumnReader;
  readonly seqs: SeqLookup;
  readonly withHashes: boolean;
  readonly onRefused: (file: DayFileEntry, reason: string, detail: string) => void;
  /** A remark for the operator that did not stop the reading. */
  readonly onProblem: (problem: string) => void;
  /** Requests the order in which each day was written, and is called for each reordered day. */
  readonly onReordered?: ((day: string, moved: number) => void) | undefined;
};

type FoundDay = DayPlan & {
  /** Names and file times agree on a plausible order. */
  readonly isSettled: boolean;
};

/** Tolerance between the clocks of writer and file system. */
const EARLY_US = MS_PER_HOUR * US_PER_MS;

/** The days as sources; only one day's plan is cached, because that day is usually opened next. */
export function sourcesOfDays(
  context: DayContext,
  days: readonly string[],
): readonly ChunkSource[] {
  let kept: { readonly day: string; readonly plan: DayPlan } | null = null;
  const planOf = async (day: string): Promise<DayPlan> => {
    if (kept?.day === day) return kept.plan;
    kept?.plan.close();
    kept = { day, plan: await planInOrder(context, day) };
    return kept.plan;
  };
  return days.map((day) => ({
    notBeforeUs: startOfDayUs(day) - EARLY_US,
    firstUs: async () => (await planOf(day)).firstUs,
    async *chunks() {
      const plan = await planOf(day);
      kept = null;
      try {
        yield* plan.chunks();
      } finally {
        plan.close();
      }
    },
  }));
}

async function planInOrder(context: DayContext, day: string): Promise<DayPlan> {
  const { onReordered } = context;
  const plan = await planDay(context, day);
  if (onReordered === undefined || plan.isSettled) return plan;
  const silent = { ...context, onRefused: () => {}, onProblem: () => {} };
  return orderedDay({ day, plan, again: () => planDay(silent, day), onReordered });
}

async function planDay(context: DayContext, day: string): Promise<FoundDay> {
  const names = compactedNames(context.archive).get(day) ?? [];
  const compacted = openCompactedDay(context.archive, names, context.onProblem);
  if (compacted === null) return looseDay(context, day, NO_KEYS);
  const since = compacted.header.folder_mtime_ns;
  if (since !== null && since === folderMtimeNs(context.archive, day)) {
    return compactedDay(context, compacted, NO_KEYS);
  }
  const known = knownKeys(context, compacted);
  if (known !== null) return mixedDay(context, compacted, known);
  compacted.close();
  return looseDay(context, day, NO_KEYS);
}

/** Changes when an entry is added to, removed from or renamed in the folder; null where there is no folder. */
export function folderMtimeNs(archive: string, day: string): string | null {
  try {
    return String(statSync(pathOf(archive, day), { bigint: true }).mtimeNs);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Identifies a version of a file: a file that was rewritten or touched has another key. */
export function keyOfFile(file: { name: string; size: number; mtimeUs: number }): string {
  return `${file.name}\0${file.size}\0${file.mtimeUs}`;
}

const NO_KEYS: ReadonlySet<string> = new Set();

/** Null when the compacted file turns out to be damaged. */
export function knownKeys(
  context: Pick<DayContext, "onProblem">,
  compacted: CompactedDay,
): ReadonlySet<string> | null {
  const { day, others } = compacted.header;
  const keys = new Set(
    others.map(({ name, size, mtime_us }) =>
      keyOfFile({ name: `${day}/${name}`, size, mtimeUs: mtime_us }),
    ),
  );
  try {
    for (const chunk of compacted.chunks()) {
      for (let row = 0; row < chunk.rows; row += 1) keys.add(keyOfRow(chunk, row));
    }
    return keys;
  } catch (error) {
    if (!(error instanceof DamagedDayError)) throw error;
    context.onProblem(damageText(error));
    return null;
  }
}

export function keyOfRow(chunk: ArchiveChunk, row: number): string {
  return keyOfFile({
    name: chunk.file(row),
    size: chunk.sizes[row]!,
    mtimeUs: chunk.mtimeUs[row]!,
  });
}

async function looseDay(
  context: DayContext,
  day: string,
  without: ReadonlySet<string>,
): Promise<FoundDay> {
  const files = await filesOf(context, day, without);
  const firstUs = files[0]?.timeUs ?? Infinity;
  return {
    isSettled:
      areOfDay(day, firstUs, files.at(-1)?.timeUs ?? firstUs) &&
      areNamesInOrder(files.map(({ name }) => name)),
    firstUs,
    chunks: () => looseChunks(context, day, files),
    close: () => {},
  };
}

function compactedDay(
  context: DayContext,
  compacted: CompactedDay,
  late: ReadonlySet<string>,
): FoundDay {
  return {
    isSettled: false,
    firstUs: compacted.header.first_us ?? Infinity,
    chunks: () => compactedChunks(context, compacted, late),
    close: () => compacted.close(),
  };
}

/**
 * Files were added, removed or rewritten since the compaction: those that the compacted file lacks are read as well.
 */
async function mixedDay(
  context: DayContext,
  compacted: CompactedDay,
  known: ReadonlySet<string>,
): Promise<FoundDay> {
  const { day } = compacted.header;
  const late = await filesOf(context, day, known);
  const whole = compactedDay(context, compacted, new Set(late.map(keyOfFile)));
  const parts = [
    { firstUs: whole.firstUs, chunks: whole.chunks },
    { firstUs: late[0]?.timeUs ?? Infinity, chunks: () => looseChunks(context, day, late) },
  ];
  const sources = parts.map(({ firstUs, chunks }): ChunkSource => ({
    notBeforeUs: firstUs,
    firstUs: () => Promise.resolve(firstUs),
    chunks,
  }));
  return {
    isSettled: false,
    firstUs: Math.min(...parts.map((part) => part.firstUs)),
    chunks: () => mergeScans(sources),
    close: () => compacted.close(),
  };
}

/** After a damaged block the scan files continue from the last row that was read. */
async function* compactedChunks(
  context: DayContext,
  compacted: CompactedDay,
  late: ReadonlySet<string>,
): AsyncGenerator<ArchiveChunk> {
  let last: Timed | null = null;
  try {
    for (const chunk of compacted.chunks()) {
      last = keyAt(chunk, chunk.rows - 1);
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof DamagedDayError)) throw error;
    context.onProblem(damageText(error));
    const { day } = compacted.header;
    for await (const chunk of looseChunks(context, day, await filesOf(context, day, late))) {
      const from = last === null ? 0 : firstRowAfter(chunk, last);
      if (from < chunk.rows) yield sliceChunk(chunk, from, chunk.rows);
    }
  }
}

/** The first row after the key; all rows are in order. */
export function firstRowAfter(chunk: ArchiveChunk, key: Timed): number {
  let row = 0;
  while (row < chunk.rows && compareScans(keyAt(chunk, row), key) <= 0) row += 1;
  return row;
}

function damageText(error: DamagedDayError): string {
  return `${error.message}; the scan files are read instead ('dolphin archive compact' replaces it)`;
}

export async function filesOf(
  { archive, seqs, onRefused }: DayContext,
  day: string,
  without: ReadonlySet<string>,
): Promise<readonly DayFileEntry[]> {
  const known = seqs(day);
  const timeOf = (name: string, mtimeUs: number): number =>
    Math.min(mtimeUs, known.get(name)?.timeUs ?? mtimeUs);
  const { files, odd } = await listDayFiles(archive, day, timeOf);
  for (const entry of odd) onRefused(entry, "not_regular", "it is not a regular file");
  return without.size === 0 ? files : files.filter((file) => !without.has(keyOfFile(file)));
}

export function looseChunks(
  context: DayContext,
  day: string,
  files: readonly DayFileEntry[],
): AsyncGenerator<ArchiveChunk> {
  const known = context.seqs(day);
  return readLooseFiles({ ...context, files, seqOf: (file) => known.get(file)?.seq ?? 0 });
}
