/** Roughly how many scans a range of the archive holds (for an estimate of the remaining time), and on which days. */
import { isScanName } from "../../domain/scan/archive-names.ts";
import { compactedNames, openCompactedDay } from "../../adapters/archive/days/compacted-days.ts";
import { listDays, namesIn, pathOf } from "../../adapters/archive/list-archive.ts";
import type { ArchiveRange } from "./archive-chunks.ts";

export function countScansAbout(range: ArchiveRange): number {
  const { archive } = range;
  const compacted = compactedNames(archive);
  let scans = 0;
  for (const day of daysOf(range)) {
    const file = openCompactedDay(archive, compacted.get(day) ?? [], () => {});
    scans += file?.header.rows ?? filesIn(archive, day);
    file?.close();
  }
  return scans;
}

/** Day folders and compacted days, ascending. */
export function daysOf({ archive, from, to }: ArchiveRange): readonly string[] {
  const listed = listDays(archive);
  const folders = listed.kind === "listed" ? listed.days : [];
  return [...new Set([...folders, ...compactedNames(archive).keys()])]
    .filter((day) => (from === null || from <= day) && (to === null || day <= to))
    .toSorted();
}

function filesIn(archive: string, day: string): number {
  let files = 0;
  for (const name of namesIn(pathOf(archive, day))) if (isScanName(name)) files += 1;
  return files;
}
