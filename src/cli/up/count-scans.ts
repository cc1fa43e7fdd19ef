/** Counts scan files, to report how many were written while `dolphin up` ran. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDayFolder, isScanName, previousDay } from "../../domain/scan/archive-names.ts";

/** Earlier folders get no new files: the day before the newest, or before today. */
export function firstDayToCount(archive: string, today: string): string {
  const newest = dayFolders(archive).at(-1) ?? today;
  return previousDay(newest < today ? newest : today);
}

export function countScanFiles(archive: string, fromDay: string): number {
  return dayFolders(archive)
    .filter((day) => fromDay <= day)
    .reduce((sum, day) => sum + namesIn(join(archive, day)).filter(isScanName).length, 0);
}

function dayFolders(archive: string): string[] {
  return namesIn(archive).filter(isDayFolder).toSorted();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
