/**
 * Compacts a day's scan files into one file: writes it under a temporary name, verifies it against the scan files,
 * and only then renames it to its final name with the hash of its content. Invariant: a killed run leaves either the
 * previous file or the new one; scan files are never changed.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { MS_PER_HOUR, MS_PER_MINUTE, US_PER_MS } from "../../domain/time.ts";
import { createGeneralReader } from "../../wire/arrow/read-scan.ts";
import type { DayHeader } from "../../wire/day-file/day-header.ts";
import { createDayWriter } from "../../wire/day-file/day-writer.ts";
import { type ArchiveChunk, sliceChunk } from "../../wire/day-file/archive-chunk.ts";
import {
  type CompactedDay,
  compactedFolder,
  compactedName,
  compactedNames,
  hasPromisedHash,
  openCompactedDay,
  openDayFile,
} from "../../adapters/archive/days/compacted-days.ts";
import type { DayFileEntry, SeqLookup } from "../../adapters/archive/days/day-files.ts";
import {
  type DayContext,
  filesOf,
  folderMtimeNs,
  keyOfFile,
  keyOfRow,
  knownKeys,
  looseChunks,
} from "../../adapters/archive/days/day-sources.ts";
import { distinctScans } from "../../adapters/archive/days/distinct-scans.ts";
import { mergeScans, type ChunkSource } from "../../adapters/archive/days/merge-scans.ts";
import { createColumnReader } from "../../adapters/archive/days/read-columns.ts";
import { syncPath } from "../../adapters/files/sync-path.ts";
import { verifyDay } from "./verify-day.ts";

export type CompactOptions = {
  readonly seqs: SeqLookup;
  readonly nowMs: () => number;
  /** Called at least a few times a second, for heartbeats. */
  readonly onProgress: (progress: CompactProgress) => void;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
};

export type CompactProgress = {
  readonly day: string;
  readonly step: "writing" | "verifying";
  readonly rows: number;
};

export type CompactOutcome = { readonly day: string } & (
  | {
      readonly kind: "written" | "unchanged";
      /** Relative to the archive. */
      readonly file: string;
      readonly hash: string;
      readonly rows: number;
      readonly duplicates: number;
      readonly refused: number;
    }
  | { readonly kind: "empty" }
  /** The written file differs from the scan files, or they changed meanwhile: nothing is kept. */
  | { readonly kind: "different"; readonly file: string; readonly detail: string }
);

type Others = DayHeader["others"];

/** With more of them they are not recorded, and readers list the folder each time. */
const OTHERS_MAX = 10_000;
/** A younger file that is not a scan may still become one. */
const YOUNG_MS = 2 * MS_PER_MINUTE;
/** The granularity of file system times: a folder this young may change without a new time. */
const FOLDER_TICK_MS = 2_000;
const LEFTOVER_AFTER_MS = MS_PER_HOUR;
const GENERAL_LIMITS = { timeoutMs: 10_000, heapMb: 256 };

/** @throws when the archive cannot be read or written, or the signal aborts. */
export async function compactDay(
  archive: string,
  day: string,
  options: CompactOptions,
): Promise<CompactOutcome> {
  const reader = createColumnReader();
  const refused: { readonly file: DayFileEntry; readonly reason: string }[] = [];
  const context: DayContext = {
    archive,
    reader,
    withHashes: true,
    seqs: options.seqs,
    onRefused: (file, reason) => refused.push({ file, reason }),
    onProblem: options.onProblem,
  };
  const folder = folderMtimeNs(archive, day);
  const files = await filesOf(context, day, new Set());
  const before = await openTrusted(context, day);
  try {
    const found = { folder, files, before };
    const unchanged = before === null ? null : unchangedOutcome(context, options, found);
    if (unchanged !== null) {
      // A run killed between the two steps has left both.
      if (before !== null) removeOlder(archive, day, compactedName(day, before.hash));
      return unchanged;
    }
    if (before === null && files.length === 0) return { day, kind: "empty" };
    return await writeDay(context, options, { day, ...found, refused });
  } finally {
    before?.close();
    await reader.close();
  }
}

/** Only if its content is fully valid, because rows of deleted files are taken from it. */
async function openTrusted(context: DayContext, day: string): Promise<CompactedDay | null> {
  const names = compactedNames(context.archive).get(day) ?? [];
  const found = openCompactedDay(context.archive, names, context.onProblem);
  if (found === null || (await hasPromisedHash(found))) return found;
  context.onProblem(`${found.path} is damaged; it is written again from the scan files`);
  found.close();
  return null;
}

type Found = {
  readonly folder: string | null;
  readonly files: readonly DayFileEntry[];
  readonly before: CompactedDay | null;
};

/** Null when there is something to do. */
function unchangedOutcome(
  context: DayContext,
  options: CompactOptions,
  { folder, files, before }: Found,
): CompactOutcome | null {
  if (before === null || before.header.folder_mtime_ns !== folder) return null;
  const { day, rows, others } = before.header;
  const known = knownKeys(context, before);
  if (known === null || files.some((file) => !known.has(keyOfFile(file)))) return null;
  const seqs = options.seqs(day);
  for (const chunk of before.chunks()) {
    for (let row = 0; row < chunk.rows; row += 1) {
      if (chunk.seq[row] === 0 && seqs.has(chunk.file(row))) return null;
    }
  }
  return { day, kind: "unchanged", hash: before.hash, rows, ...fileAndCounts(before, others) };
}

function fileAndCounts(day: { readonly path: string }, others: Others) {
  const duplicates = others.filter((other) => other.kind === "duplicate").length;
  return { file: day.path, duplicates, refused: others.length - duplicates };
}

type Writing = Found & {
  readonly day: string;
  readonly refused: readonly { readonly file: DayFileEntry; readonly reason: string }[];
};

async function writeDay(
  context: DayContext,
  options: CompactOptions,
  writing: Writing,
): Promise<CompactOutcome> {
  const { archive } = context;
  const { day } = writing;
  const target = compactedFolder(archive);
  mkdirSync(target, { recursive: true });
  removeLeftovers(target, options.nowMs());
  const temporary = join(target, `.${day}.${randomUUID()}.tmp`);
  try {
    const { hash, others } = await writeTemporary(context, options, { ...writing, temporary });
    const name = compactedName(day, hash);
    const opened = openDayFile(temporary, name);
    if (typeof opened === "string")
      return { day, kind: "different", file: temporary, detail: opened };
    const problem = await problemOf(opened.day, context, options);
    opened.day.close();
    if (problem !== null) return { day, kind: "different", ...problem };
    const path = join(target, name);
    renameSync(temporary, path);
    syncPath(target);
    removeOlder(archive, day, name);
    const { rows } = opened.day.header;
    return { day, kind: "written", hash, rows, ...fileAndCounts({ path }, others) };
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function writeTemporary(
  context: DayContext,
  options: CompactOptions,
  writing: Writing & { readonly temporary: string },
): Promise<{ readonly hash: string; readonly others: Others }> {
  const { day, files, refused, folder } = writing;
  const duplicates: DayFileEntry[] = [];
  const byName = new Map(files.map((file) => [file.name, file]));
  const descriptor = openSync(writing.temporary, "wx");
  try {
    const writer = createDayWriter((bytes) => writeAll(descriptor, bytes));
    const noteDuplicate = (chunk: ArchiveChunk, row: number): void => {
      const file = byName.get(chunk.file(row));
      if (file !== undefined && keyOfFile(file) === keyOfRow(chunk, row)) duplicates.push(file);
    };
    const chunks = mergeScans(sourcesFor(context, writing));
    let rows = 0;
    for await (const chunk of distinctScans(chunks, noteDuplicate)) {
      writer.add(chunk);
      rows += chunk.rows;
      options.onProgress({ day, step: "writing", rows });
      options.signal.throwIfAborted();
    }
    const nowUs = options.nowMs() * US_PER_MS;
    const settled = refused.filter(({ file }) => file.mtimeUs < nowUs - YOUNG_MS * US_PER_MS);
    const others = othersOf(duplicates, settled);
    const isWhole = settled.length === refused.length && others.length <= OTHERS_MAX;
    const isStill = folder !== null && folder === folderMtimeNs(context.archive, day);
    const isOld = isStill && Number(BigInt(folder) / 1_000n) < nowUs - FOLDER_TICK_MS * US_PER_MS;
    const facts = {
      day,
      folder_mtime_ns: isWhole && isOld ? folder : null,
      others: others.slice(0, OTHERS_MAX),
    };
    const hash = writer.finish(facts);
    fsyncSync(descriptor);
    return { hash, others };
  } finally {
    closeSync(descriptor);
  }
}

/** All scan files, and from the previous file the rows whose scan file was deleted or changed. */
function sourcesFor(context: DayContext, { day, files, before }: Writing): readonly ChunkSource[] {
  const listed = new Set(files.map(keyOfFile));
  const loose = {
    firstUs: files[0]?.timeUs ?? Infinity,
    chunks: () => looseChunks(context, day, files),
  };
  const gone = {
    firstUs: before?.header.first_us ?? Infinity,
    chunks: () => rowsWithout(before, listed),
  };
  return [loose, gone].map(({ firstUs, chunks }) => ({
    notBeforeUs: firstUs,
    firstUs: () => Promise.resolve(firstUs),
    chunks,
  }));
}

async function* rowsWithout(
  day: CompactedDay | null,
  listed: ReadonlySet<string>,
): AsyncGenerator<ArchiveChunk> {
  for (const chunk of day?.chunks() ?? []) {
    for (let row = 0; row < chunk.rows; row += 1) {
      if (!listed.has(keyOfRow(chunk, row))) yield sliceChunk(chunk, row, row + 1);
    }
  }
}

function othersOf(duplicates: readonly DayFileEntry[], refused: Writing["refused"]): Others {
  const copies = duplicates.map((file) => otherFrom(file, "duplicate", "same bytes as another"));
  return [...copies, ...refused.map(({ file, reason }) => otherFrom(file, "refused", reason))];
}

function otherFrom(
  { name, size, mtimeUs }: DayFileEntry,
  kind: "duplicate" | "refused",
  reason: string,
): Others[number] {
  return { name: name.slice(name.indexOf("/") + 1), size, mtime_us: mtimeUs, kind, reason };
}

async function problemOf(
  written: CompactedDay,
  context: DayContext,
  options: CompactOptions,
): Promise<{ readonly file: string; readonly detail: string } | null> {
  if (!(await hasPromisedHash(written))) {
    return { file: written.path, detail: "reading it back gives other values than were written" };
  }
  const general = createGeneralReader(GENERAL_LIMITS);
  try {
    const verification = await verifyDay(
      {
        archive: context.archive,
        general,
        onProgress: (rows) => {
          options.onProgress({ day: written.header.day, step: "verifying", rows });
          options.signal.throwIfAborted();
        },
      },
      written,
    );
    return verification.kind === "equal" ? null : verification;
  } finally {
    await general.close();
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

/** Its rows are in the file that is kept. */
function removeOlder(archive: string, day: string, kept: string): void {
  for (const name of compactedNames(archive).get(day) ?? []) {
    if (name !== kept) rmSync(join(compactedFolder(archive), name), { force: true });
  }
}

/** Temporary files of a killed run. */
function removeLeftovers(folder: string, nowMs: number): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".tmp")) continue;
    const path = join(folder, name);
    const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs;
    if (mtimeMs < nowMs - LEFTOVER_AFTER_MS) rmSync(path, { force: true });
  }
}
