/**
 * The days for which the journal is complete after it took over what Hazelcast knows: an older file without a row may
 * have been pushed before.
 */
import { MS_PER_DAY, US_PER_MS, dayFromMicros } from "../../../domain/time.ts";
import { dayOfFile, nextDay, previousDay } from "../../../domain/scan/archive-names.ts";
import { PROVED_SEQ_KEY } from "../../../domain/scan/audit.ts";
import { DONE_KEPT_US, type RefillDeps } from "./refill.ts";

/**
 * Seqs that Hazelcast has forgotten were pushed before the oldest done file that it keeps, so their files are in days
 * up to then; later ones are known.
 */
export function keepToProvedDays({
  journal,
  nowUs,
  log,
}: Pick<RefillDeps, "journal" | "nowUs" | "log">): void {
  const from = journal.unbrokenFrom();
  const before = Number(journal.meta(PROVED_SEQ_KEY) ?? 1);
  if (from === null || from <= before) return;
  const first = journal.scan(from);
  const newest = journal.newestInOrder() ?? first;
  if (first === null || newest === null) return;
  const day = provedDay({ nowUs: nowUs(), first, newest });
  journal.setProved(day, from);
  log(
    `the record of which files had the seqs before ${from} is incomplete: ` +
      `days before ${day} are not ours, so that nothing is pushed twice`,
  );
}

type Known = { readonly file: string; readonly timeUs: number };

/**
 * The first complete day, where `first` and all later seqs are known. By our clock, as far as the newest scan
 * confirms it: a clock that is ahead would exclude today, and one that is behind would include files whose seqs are
 * forgotten.
 */
export function provedDay(of: {
  readonly nowUs: number;
  readonly first: Known;
  readonly newest: Known;
}): string {
  const { nowUs, first, newest } = of;
  const newestDay = dayOfFile(newest.file);
  const byClock = dayFromMicros(nowUs - DONE_KEPT_US + MS_PER_DAY * US_PER_MS);
  // A folder with a far future date only counts if its file's time agrees.
  const byTime = dayFromMicros(newest.timeUs);
  const byScan = previousDay(previousDay(newestDay < byTime ? newestDay : byTime));
  const day = byClock < byScan ? byScan : byClock;
  // Forgotten seqs may have been assigned on the day of the first known one.
  const latest = dayOfFile(first.file) < newestDay ? newestDay : nextDay(newestDay);
  return day < latest ? day : latest;
}
