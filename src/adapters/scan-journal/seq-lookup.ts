/** The bridge journal's data for a reader of the archive: seq and time of a day's files. */
import type { SeqLookup } from "../archive/days/day-files.ts";
import { inodeOf } from "./journal-database.ts";
import { ScanJournal } from "./scan-journal.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

export type OpenSeqLookup = { readonly seqs: SeqLookup; readonly close: () => void };

/** Empty where no bridge has run on this data directory. @throws {JournalError} */
export function openSeqLookup(dataDir: string): OpenSeqLookup {
  const path = scanJournalFile(dataDir);
  if (inodeOf(path) === null) return { seqs: () => new Map(), close: () => {} };
  const journal = new ScanJournal(path, { readonly: true });
  let last: { readonly day: string; readonly pushed: ReturnType<SeqLookup> } | null = null;
  return {
    seqs(day) {
      if (last?.day !== day) last = { day, pushed: journal.pushedOfDay(day) };
      return last.pushed;
    },
    close: () => journal.close(),
  };
}
