/** The finished days whose compacted file is missing or older than their folder. */
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import { listDays } from "../../adapters/archive/list-archive.ts";
import { compactedNames, openCompactedDay } from "../../adapters/archive/days/compacted-days.ts";
import { folderMtimeNs } from "../../adapters/archive/days/day-sources.ts";

/** @throws when the archive does not exist or cannot be listed. */
export function finishedDaysToCompact(archive: string, nowMs: number): readonly string[] {
  const found = listDays(archive);
  if (found.kind === "missing") throw new Error(`the archive ${archive} does not exist`);
  if (found.kind === "failed") {
    throw new Error(`the archive ${archive} cannot be listed: ${found.detail}`);
  }
  const today = dayFromMicros(nowMs * US_PER_MS);
  const names = compactedNames(archive);
  return found.days.filter((day) => {
    if (today <= day) return false;
    const compacted = openCompactedDay(archive, names.get(day) ?? [], () => {});
    const since = compacted?.header.folder_mtime_ns ?? null;
    compacted?.close();
    return since === null || since !== folderMtimeNs(archive, day);
  });
}
