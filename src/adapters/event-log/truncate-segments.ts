/**
 * Gives up the end of a log on purpose: after damage, or where another host went on differently; and
 * what stands beside a log of events that it does not have any more.
 *
 * Invariant: what follows from the log is cut before the log, so whatever dies in between leaves a log
 * that it can be made from again.
 */
import { copyFileSync, renameSync, truncateSync } from "node:fs";
import { readOutboxCursor, writeOutboxCursor } from "./outbox-cursor.ts";
import { cutOutcomes } from "./outcome-file.ts";
import { SegmentCursor } from "./segments/segment-cursor.ts";
import { listDays, segmentPath, syncFolder } from "./segments/segment-files.ts";
import { deleteSnapshotsBehind } from "./snapshots.ts";
import { SegmentLogError } from "./segments/segment-log-error.ts";
import { cutTrades } from "./trade-file.ts";

/**
 * Ends the log of a book that is locked before `index`, or before the first record that can't be read if
 * that is earlier. What is given up is set aside under names that carry `stamp`; returns these files.
 */
export function cutLog(folder: string, index: number, stamp: string): readonly string[] {
  const { lastKept, cuts } = planLogCut(folder, index);
  cutBehind(folder, lastKept);
  // The newest first: a log without its last days is a log.
  const aside = cuts.toReversed().map(({ path, offset }) => setAside(path, offset, stamp));
  if (0 < aside.length) syncFolder(folder);
  return aside.toReversed();
}

export type LogCut = {
  /** The last event that stays. */
  readonly lastKept: number;
  /** What of each file stays; 0: nothing. */
  readonly cuts: readonly { readonly path: string; readonly offset: number }[];
};

export function planLogCut(folder: string, index: number): LogCut {
  const cuts: { readonly path: string; readonly offset: number }[] = [];
  let nextIndex = 0;
  for (const day of listDays(folder)) {
    const path = segmentPath(folder, day);
    if (0 < cuts.length) {
      cuts.push({ path, offset: 0 });
      continue;
    }
    const end = endOf(path, index);
    nextIndex = end.nextIndex ?? nextIndex;
    if (!end.isWhole) cuts.push({ path, offset: end.offset });
  }
  return { lastKept: Math.min(index, nextIndex) - 1, cuts };
}

export type CutBehind = {
  readonly trades: number;
  readonly digests: number;
  readonly told: number;
};

/**
 * Cuts the states, trades, outcomes and the cursor of the sessions behind the last event of a log, which
 * a power cut may have taken more of: the next events have the same indices. Returns how much it was.
 */
export function cutBehind(folder: string, lastIndex: number): CutBehind {
  deleteSnapshotsBehind(folder, lastIndex);
  const told = Math.max(0, readOutboxCursor(folder) - Math.max(0, lastIndex));
  if (0 < told) writeOutboxCursor(folder, Math.max(0, lastIndex));
  return { trades: cutTrades(folder, lastIndex), digests: cutOutcomes(folder, lastIndex), told };
}

type PartToKeep = {
  readonly offset: number;
  /** After its last event; null where not even the head of the file can be read. */
  readonly nextIndex: number | null;
  readonly isWhole: boolean;
};

function endOf(path: string, index: number): PartToKeep {
  let cursor: SegmentCursor | null = null;
  let offset = 0;
  try {
    cursor = new SegmentCursor(path);
    const { firstIndex } = cursor.header;
    if (index <= firstIndex) return { offset, nextIndex: firstIndex, isWhole: false };
    offset = cursor.offset;
    while (cursor.nextIndex < index && cursor.next() !== null) offset = cursor.offset;
    return { offset, nextIndex: cursor.nextIndex, isWhole: cursor.tailBytes() === 0 };
  } catch (error) {
    if (!(error instanceof SegmentLogError)) throw error;
    if (error.code !== "TRADING_JOURNAL_DAMAGED") throw error;
    return { offset, nextIndex: cursor?.nextIndex ?? null, isWhole: false };
  } finally {
    cursor?.close();
  }
}

function setAside(path: string, offset: number, stamp: string): string {
  const aside = `${path}.given-up-${stamp}`;
  if (offset === 0) {
    renameSync(path, aside);
  } else {
    copyFileSync(path, aside);
    truncateSync(path, offset);
  }
  return aside;
}
