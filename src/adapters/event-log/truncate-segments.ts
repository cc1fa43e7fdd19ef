/**
 * Truncates a log on purpose, after damage or where another host diverged, and the data beside a log whose events it
 * does not have any more. Invariant: derived data is truncated before the log, so that after a crash at any point it
 * can be derived from the log again.
 */
import { copyFileSync, renameSync, truncateSync } from "node:fs";
import { readOutboxCursor, writeOutboxCursor } from "./outbox-cursor.ts";
import { cutOutcomes } from "./outcome-file.ts";
import { SegmentCursor } from "./segments/segment-cursor.ts";
import { listSegmentDays, segmentPath } from "./segments/segment-files.ts";
import { deleteSnapshotsBehind } from "./snapshots.ts";
import { SegmentLogError } from "./segments/segment-log-error.ts";
import { cutTrades } from "./trade-file.ts";
import { syncPath } from "../files/sync-path.ts";

/**
 * Ends the log of a locked book before `index`, or before the first unreadable record if that is earlier. What is
 * removed is kept in files whose names contain `stamp`; returns these files.
 */
export function cutLog(folder: string, index: number, stamp: string): readonly string[] {
  const { lastKept, cuts } = planLogCut(folder, index);
  cutBehind(folder, lastKept);
  // The newest first: a log without its last days is still valid.
  const aside = cuts.toReversed().map(({ path, offset }) => setAside(path, offset, stamp));
  if (0 < aside.length) syncPath(folder);
  return aside.toReversed();
}

export type LogCut = {
  /** The last event that stays. */
  readonly lastKept: number;
  /** The size that each file keeps; 0: nothing. */
  readonly cuts: readonly { readonly path: string; readonly offset: number }[];
};

export function planLogCut(folder: string, index: number): LogCut {
  const cuts: { readonly path: string; readonly offset: number }[] = [];
  let nextIndex = 0;
  for (const day of listSegmentDays(folder)) {
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
  readonly acknowledged: number;
};

/**
 * Truncates the states, trades, outcomes and the outbox cursor after the last event of a log, of which a power
 * failure may have taken more: the next events will reuse the indices. Returns how much was removed.
 */
export function cutBehind(folder: string, lastIndex: number): CutBehind {
  deleteSnapshotsBehind(folder, lastIndex);
  const acknowledged = Math.max(0, readOutboxCursor(folder) - Math.max(0, lastIndex));
  if (0 < acknowledged) writeOutboxCursor(folder, Math.max(0, lastIndex));
  return {
    trades: cutTrades(folder, lastIndex),
    digests: cutOutcomes(folder, lastIndex),
    acknowledged,
  };
}

type PartToKeep = {
  readonly offset: number;
  /** The index after its last event; null where not even the header is readable. */
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
