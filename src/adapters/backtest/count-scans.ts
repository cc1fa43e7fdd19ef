/** How many scans a range of the archive holds, about: for the time left, not for the truth. */
import { isScanName } from "../../domain/scan/archive-names.ts";
import { compactedNames, openCompactedDay } from "../archive/bulk/compacted-days.ts";
import { listDays, namesIn, pathOf } from "../archive/list-archive.ts";
import type { ArchiveRange } from "./archive-chunks.ts";

export function countScansAbout({ archive, from, to }: ArchiveRange): number {
  const listed = listDays(archive);
  const compacted = compactedNames(archive);
  const days = new Set([...(listed.kind === "listed" ? listed.days : []), ...compacted.keys()]);
  let scans = 0;
  for (const day of days) {
    if ((from !== null && day < from) || (to !== null && to < day)) continue;
    const file = openCompactedDay(archive, compacted.get(day) ?? [], () => {});
    scans += file?.header.rows ?? filesIn(archive, day);
    file?.close();
  }
  return scans;
}

function filesIn(archive: string, day: string): number {
  let files = 0;
  for (const name of namesIn(pathOf(archive, day))) if (isScanName(name)) files += 1;
  return files;
}
