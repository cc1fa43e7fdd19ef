/**
 * Snapshots of a trader's state at an index, beside its segments: a start folds from there instead of from the log's
 * beginning. A few are kept, so that a damaged one only costs time. File: magic 8, version u32, payload bytes u32,
 * index u64, SHA-256 of the payload 32, payload.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../domain/assert.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { fileNamesIn, writeWhole } from "./segments/segment-files.ts";
import { ASIDE_ENDING, hashAside, writeWholeAside } from "./aside/write-aside.ts";
import type { SegmentLog } from "./segment-log.ts";
import { syncPath } from "../files/sync-path.ts";

export const SNAPSHOTS_KEPT = 3;
/** Version 1 was JSON alone, which can still be read. */
const SNAPSHOT_VERSION = 2;
const MAGIC = Buffer.from("DLPHSNP\n", "latin1");
const HEAD_BYTES = 56;
const SNAPSHOT_NAME = /^(\d{16})\.snap$/;

export type Snapshot = {
  /** The index of the last event that the state includes. */
  readonly index: number;
  readonly bytes: Buffer;
};

export type FoundSnapshot = {
  readonly snapshot: Snapshot | null;
  /** Newer ones that could not be read. */
  readonly damaged: readonly string[];
};

/**
 * Durable when it returns, and so is the log up to it: otherwise a power failure could leave a snapshot with events
 * that the log has lost.
 */
export function saveSnapshot(journal: SegmentLog, index: number, bytes: Uint8Array): void {
  assert(index < (journal.nextIndex ?? 0), "a snapshot contains appended events only");
  journal.sync();
  saveSnapshotIn(journal.folder, { index, bytes }, SNAPSHOTS_KEPT);
}

/** Saves a state derived from another book's log: `journalFolder` has no segments of its own. */
export function saveSnapshotIn(
  journalFolder: string,
  { index, bytes }: { readonly index: number; readonly bytes: Uint8Array },
  keptMax: number,
): void {
  const folder = snapshotFolder(journalFolder);
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const head = headOf(index, bytes.length, hashOf(bytes));
  writeWhole(snapshotPath(folder, index), [head, bytes]);
  const older = listSnapshots(journalFolder).slice(0, -keptMax);
  for (const found of older) rmSync(snapshotPath(folder, found), { force: true });
  if (0 < older.length) syncPath(folder);
}

/** As `saveSnapshot`, without blocking the trader: `parts` are read until it resolves. */
export async function saveSnapshotAside(
  journal: Pick<SegmentLog, "folder" | "nextIndex" | "syncAside">,
  index: number,
  parts: readonly Uint8Array[],
): Promise<void> {
  assert(index < (journal.nextIndex ?? 0), "a snapshot contains appended events only");
  // The first call may share a sync that began before the newest event.
  await journal.syncAside();
  await journal.syncAside();
  const folder = snapshotFolder(journal.folder);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = headOf(index, length, await hashAside(parts));
  await writeWholeAside(snapshotPath(folder, index), [head, ...parts]);
  for (const found of listSnapshots(journal.folder).slice(0, -SNAPSHOTS_KEPT)) {
    await rm(snapshotPath(folder, found), { force: true });
  }
}

/** Deletes temporary files of interrupted writes. */
export function deleteUnfinished(journalFolder: string): void {
  for (const folder of [snapshotFolder(journalFolder), join(journalFolder, "outcomes")]) {
    for (const name of fileNamesIn(folder)) {
      if (name.endsWith(ASIDE_ENDING)) rmSync(join(folder, name), { force: true });
    }
  }
}

function headOf(index: number, payloadBytes: number, hash: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head, 0);
  head.writeUInt32LE(SNAPSHOT_VERSION, 8);
  head.writeUInt32LE(payloadBytes, 12);
  head.writeBigUInt64LE(BigInt(index), 16);
  hash.copy(head, 24);
  return head;
}

/** The newest intact one that is not after `indexMax`, the last event of the log. */
export function latestSnapshot(journalFolder: string, indexMax: number): FoundSnapshot {
  const damaged: string[] = [];
  for (const index of listSnapshots(journalFolder).toReversed()) {
    if (indexMax < index) continue;
    const path = snapshotPath(snapshotFolder(journalFolder), index);
    const snapshot = readSnapshot(path, index);
    if (snapshot !== null) return { snapshot, damaged };
    damaged.push(path);
  }
  return { snapshot: null, damaged };
}

/** The oldest intact one: the log starts there once retention has deleted its first days. */
export function oldestSnapshot(journalFolder: string): Snapshot | null {
  for (const index of listSnapshots(journalFolder)) {
    const snapshot = readSnapshot(snapshotPath(snapshotFolder(journalFolder), index), index);
    if (snapshot !== null) return snapshot;
  }
  return null;
}

/** Removes states with events that the log does not have; returns their indices. */
export function deleteSnapshotsBehind(journalFolder: string, lastIndex: number): readonly number[] {
  const behind = listSnapshots(journalFolder).filter((index) => lastIndex < index);
  for (const index of behind) rmSync(snapshotPath(snapshotFolder(journalFolder), index));
  if (0 < behind.length) syncPath(snapshotFolder(journalFolder));
  return behind;
}

/** Indices, ascending. */
export function listSnapshots(journalFolder: string): readonly number[] {
  return fileNamesIn(snapshotFolder(journalFolder))
    .flatMap((name) => SNAPSHOT_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** Null when its hash does not match. */
function readSnapshot(path: string, index: number): Snapshot | null {
  const file = readFileSync(path);
  const bytes = file.subarray(HEAD_BYTES);
  const isWhole =
    HEAD_BYTES <= file.length &&
    file.subarray(0, MAGIC.length).equals(MAGIC) &&
    [1, SNAPSHOT_VERSION].includes(file.readUInt32LE(8)) &&
    file.readUInt32LE(12) === bytes.length &&
    file.readBigUInt64LE(16) === BigInt(index) &&
    file.subarray(24, HEAD_BYTES).equals(hashOf(bytes));
  return isWhole ? { index, bytes } : null;
}

function snapshotFolder(journalFolder: string): string {
  return join(journalFolder, "snapshots");
}

function snapshotPath(folder: string, index: number): string {
  return join(folder, `${String(index).padStart(16, "0")}.snap`);
}
