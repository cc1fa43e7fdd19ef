/** Gives up the end of a log on purpose: after damage, or where another host went on differently. */
import { copyFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { lockDirectory } from "../directory-lock.ts";
import { SegmentCursor } from "./segments/segment-cursor.ts";
import { bookFolder, listDays, segmentPath, syncFolder } from "./segments/segment-files.ts";
import { listSnapshots } from "./snapshots.ts";
import { TradingJournalError } from "./segments/trading-journal-error.ts";
import type { TradingJournalPlace } from "./trading-journal.ts";

/**
 * Ends the log before `index`, or before the first record that can't be read if that is earlier.
 * What is given up is set aside under names that carry `stamp`; returns these files.
 */
export function cutTradingJournal(
  { root, book }: TradingJournalPlace,
  index: number,
  stamp: string,
): readonly string[] {
  const folder = bookFolder(root, book);
  const lock = lockDirectory(folder);
  if (lock === null) {
    throw new TradingJournalError("TRADING_JOURNAL_LOCKED", `the trader of ${book} runs; stop it`);
  }
  try {
    const aside: string[] = [];
    let isOver = false;
    for (const day of listDays(folder)) {
      const path = segmentPath(folder, day);
      const end = isOver ? { offset: 0, isWhole: false } : endOf(path, index);
      if (end.isWhole) continue;
      isOver = true;
      aside.push(setAside(path, end.offset, stamp));
    }
    const snapshots = listSnapshots(folder).filter((at) => index <= at);
    for (const at of snapshots) {
      rmSync(join(folder, "snapshots", `${String(at).padStart(16, "0")}.snap`));
    }
    syncFolder(folder);
    return aside;
  } finally {
    lock.release();
  }
}

/** Where the part to keep ends; 0 when nothing of the file is kept. */
function endOf(
  path: string,
  index: number,
): { readonly offset: number; readonly isWhole: boolean } {
  let cursor: SegmentCursor | null = null;
  let offset = 0;
  try {
    cursor = new SegmentCursor(path);
    if (index <= cursor.header.firstIndex) return { offset: 0, isWhole: false };
    offset = cursor.offset;
    while (cursor.nextIndex < index && cursor.next() !== null) offset = cursor.offset;
    return { offset, isWhole: cursor.tailBytes() === 0 };
  } catch (error) {
    if (!(error instanceof TradingJournalError)) throw error;
    if (error.code !== "TRADING_JOURNAL_DAMAGED") throw error;
    return { offset, isWhole: false };
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
