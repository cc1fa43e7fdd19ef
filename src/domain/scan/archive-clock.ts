/**
 * The time of an archive as a reader of it goes through: scans' own timestamps, but for those that a book
 * would not have believed when they came.
 *
 * Invariant: the clock never goes back, and no stamp that is ahead of its time moves it.
 */
import { MS_PER_DAY } from "../time.ts";

/** As far as a stamp may be from the time at which it came. */
export const STAMP_TOLERANCE_MS = 30_000;
/** After so many in a row it is the file times that are wrong, where nothing ever spoke for them. */
const AHEAD_IN_A_ROW_MAX = 100;

export type ArchiveClock = {
  nowMs: number;
  /** Stamp and file time of the last scan that was not ahead. */
  lastMs: number;
  lastFileMs: number;
  aheadInARow: number;
};

export type StampVerdict = "in_order" | "ahead" | "behind";

export type Stamped = {
  readonly stampMs: number;
  /** When it came: its file's time, or what the scans around it agree on. */
  readonly fileMs: number;
  /** End of the day whose folder it lies in. */
  readonly dayEndMs: number;
};

export function createArchiveClock(): ArchiveClock {
  return { nowMs: -Infinity, lastMs: -Infinity, lastFileMs: -Infinity, aheadInARow: 0 };
}

export function takeStamp(clock: ArchiveClock, scan: Stamped): StampVerdict {
  const { stampMs, fileMs } = scan;
  if (STAMP_TOLERANCE_MS < stampMs - fileMs && isAhead(clock, scan)) {
    clock.aheadInARow += 1;
    if (clock.nowMs === -Infinity) clock.nowMs = scan.dayEndMs - MS_PER_DAY;
    else if (clock.nowMs < fileMs && speaksForFiles(clock)) clock.nowMs = fileMs;
    return "ahead";
  }
  const verdict = stampMs < clock.nowMs ? "behind" : "in_order";
  if (verdict === "in_order") clock.nowMs = stampMs;
  clock.lastMs = stampMs;
  clock.lastFileMs = fileMs;
  clock.aheadInARow = 0;
  return verdict;
}

/** It went on by more than the time between the files. */
function isAhead(clock: ArchiveClock, { stampMs, fileMs, dayEndMs }: Stamped): boolean {
  if (clock.lastMs === -Infinity) return dayEndMs + STAMP_TOLERANCE_MS < stampMs;
  const beyondMs = stampMs - clock.lastMs - (fileMs - clock.lastFileMs);
  if (beyondMs <= STAMP_TOLERANCE_MS) return false;
  return speaksForFiles(clock) || clock.aheadInARow < AHEAD_IN_A_ROW_MAX;
}

/** The last scan came when its stamp says. */
function speaksForFiles({ lastMs, lastFileMs }: ArchiveClock): boolean {
  return Math.abs(lastMs - lastFileMs) <= STAMP_TOLERANCE_MS;
}
