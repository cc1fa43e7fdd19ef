/** Deletes old days of a book's log, and reports for each day that stays why it does. */
import { rmSync } from "node:fs";
import { deleteOutcomes } from "./outcome-file.ts";
import { SegmentCursor } from "./segments/segment-cursor.ts";
import { listSegmentDays, segmentPath } from "./segments/segment-files.ts";
import { listSnapshots } from "./snapshots.ts";
import { syncPath } from "../files/sync-path.ts";

export type RetentionRule = {
  /** Days before this one may be deleted: YYYY-MM-DD. */
  readonly keepFrom: string;
  /** The last event that was sent to the days' sessions: a later day is not settled yet. */
  readonly acknowledgedTo: number;
  /** The lowest index that a projection or another reader still needs. */
  readonly unreadFrom: number;
};

export type KeptReason = "young" | "newest" | "unsettled" | "needed_by_snapshot" | "unread";

export type RetentionReport = {
  readonly deleted: readonly string[];
  readonly kept: readonly { readonly day: string; readonly reason: KeptReason }[];
};

/**
 * Deletes from the oldest day on and stops at the first day that must stay, so that the log has no gap. A day stays
 * as long as any stored snapshot is in it or before it, older snapshots included, because a start may fall back to
 * them. Without a snapshot everything stays.
 */
export function deleteOldDays(folder: string, rule: RetentionRule): RetentionReport {
  const days = listSegmentDays(folder);
  const oldestSnapshot = listSnapshots(folder)[0] ?? -1;
  const firstNeeded = { index: oldestSnapshot + 1, unread: rule.unreadFrom };
  const deleted: string[] = [];
  for (const [at, day] of days.entries()) {
    const next = days[at + 1];
    const end = next === undefined ? null : firstIndexOf(folder, next);
    const reason = reasonToKeep({ day, end }, rule, firstNeeded);
    if (reason !== null)
      return { deleted, kept: days.slice(at).map((kept) => ({ day: kept, reason })) };
    rmSync(segmentPath(folder, day));
    deleteOutcomes(folder, day);
    syncPath(folder);
    deleted.push(day);
  }
  return { deleted, kept: [] };
}

/** `end`: the index after the day's last event; null for the newest day. */
function reasonToKeep(
  { day, end }: { readonly day: string; readonly end: number | null },
  rule: RetentionRule,
  firstNeeded: { readonly index: number; readonly unread: number },
): KeptReason | null {
  if (end === null) return "newest";
  if (rule.keepFrom <= day) return "young";
  if (rule.acknowledgedTo + 1 < end) return "unsettled";
  if (firstNeeded.index < end) return "needed_by_snapshot";
  if (firstNeeded.unread < end) return "unread";
  return null;
}

function firstIndexOf(folder: string, day: string): number {
  const cursor = new SegmentCursor(segmentPath(folder, day));
  try {
    return cursor.header.firstIndex;
  } finally {
    cursor.close();
  }
}
