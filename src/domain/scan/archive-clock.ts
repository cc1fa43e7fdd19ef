/**
 * The time of an archive as a backtest reads it: the scans' own timestamps, except those that a live book would have
 * rejected. Invariant: the clock never goes back, and a timestamp that is ahead of its time does not move it.
 */
import { MS_PER_DAY } from "../time.ts";

/** Largest difference between a scan's timestamp and its arrival. */
export const STAMP_TOLERANCE_MS = 30_000;
/** After this many consecutive scans ahead, the file times are considered wrong, if no scan ever matched them. */
const AHEAD_IN_A_ROW_MAX = 100;

export type ArchiveClock = {
  nowMs: number;
  /** Timestamp and file time of the last scan that was not ahead. */
  lastMs: number;
  lastFileMs: number;
  aheadInARow: number;
};

export type StampVerdict = "in_order" | "ahead" | "behind";

export type Stamped = {
  readonly stampMs: number;
  /** Arrival time: the file's time, or what the surrounding scans agree on. */
  readonly fileMs: number;
  /** End of the day in whose folder the file is. */
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

/** Whether its timestamp advanced by more than the file time did. */
function isAhead(clock: ArchiveClock, { stampMs, fileMs, dayEndMs }: Stamped): boolean {
  if (clock.lastMs === -Infinity) return dayEndMs + STAMP_TOLERANCE_MS < stampMs;
  const beyondMs = stampMs - clock.lastMs - (fileMs - clock.lastFileMs);
  if (beyondMs <= STAMP_TOLERANCE_MS) return false;
  return speaksForFiles(clock) || clock.aheadInARow < AHEAD_IN_A_ROW_MAX;
}

/** Whether the last scan arrived at the time of its timestamp. */
function speaksForFiles({ lastMs, lastFileMs }: ArchiveClock): boolean {
  return Math.abs(lastMs - lastFileMs) <= STAMP_TOLERANCE_MS;
}
