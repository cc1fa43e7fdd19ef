/** The audit: compares the archive's folders with the bridge's journal. */
import { listDays, namesIn, pathOf } from "../../adapters/archive/list-archive.ts";
import { readScanFile, statScanFile } from "../../adapters/archive/read-scan-file.ts";
import { wallMicros } from "../../adapters/clock.ts";
import { controlSocketPath } from "../../adapters/control-socket.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { ScanJournal } from "../../adapters/scan-journal/scan-journal.ts";
import type { Config } from "../../config.ts";
import { isScanName } from "../../domain/scan/archive-names.ts";
import { type AuditTotals, countFile, NO_TOTALS, PROVED_DAY_KEY } from "../../domain/scan/audit.ts";
import { CliError, isThere } from "../context.ts";
import { bridgeService } from "../../domain/supervision/services.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

export type ArchiveAudit = {
  readonly archive: string;
  readonly first_day: string | null;
  /** Scan files in days before the first, which are left alone. */
  readonly files_before_first_day: number;
  /** Files without a verdict, in such days that were requested by name. */
  readonly not_ours: number;
  /** The journal is incomplete for older days: their files are left alone. */
  readonly not_ours_before: string | null;
  readonly days: Readonly<Record<string, AuditTotals>>;
  readonly total: AuditTotals;
  readonly last_seq: number;
  readonly seq_gaps: readonly { readonly after: number; readonly before: number }[];
  /** Pushed files whose content has changed since; only with `--deep`. */
  readonly rewritten: readonly string[];
  /** At most a hundred. */
  readonly missing: readonly string[];
  readonly ok: boolean;
};

/** A younger file may still be in progress. */
const FRESH_US = 5_000_000;
const NAMED_MAX = 100;
const FILES_PER_PROGRESS = 500;

/** Read-only: only the bridge writes it. */
export function openJournalReader(config: Config): ScanJournal {
  const path = scanJournalFile(config.data_dir);
  if (!isThere(path)) {
    // A bridge creates its socket within its first second.
    const hasRun = isThere(controlSocketPath(config.data_dir, bridgeService().name));
    throw new CliError(
      `there is no journal ${path}: ` +
        (hasRun
          ? "the scan bridge has run on this data directory, so the file was removed; " +
            "a running bridge ends within seconds, and the next one restores what Hazelcast knows"
          : "the scan bridge has not run on this data directory yet"),
    );
  }
  return new ScanJournal(path, { readonly: true });
}

export type AuditOptions = {
  /** Reads and hashes every pushed file. */
  readonly deep: boolean;
  /** Null: every day that counts. */
  readonly days: readonly string[] | null;
  readonly onProgress: (progress: AuditProgress) => void;
};

export type AuditProgress = { readonly day: string; readonly files: number };

/** Read-only. */
export function auditArchive(config: Config, options: AuditOptions): ArchiveAudit {
  const journal = openJournalReader(config);
  try {
    return auditAgainst(journal, config.archive, options);
  } finally {
    journal.close();
  }
}

function auditAgainst(
  journal: ScanJournal,
  archive: string,
  { deep, days: asked, onProgress }: AuditOptions,
): ArchiveAudit {
  const found = listDays(archive);
  if (found.kind !== "listed") throw new CliError(`the archive ${archive} cannot be listed`);
  const firstDay = journal.meta("first_day");
  // In the journal, but its commit to Hazelcast may still be in progress.
  const underWay = journal.aheadOfOwner()?.file ?? null;
  const days: Record<string, AuditTotals> = {};
  const total = { ...NO_TOTALS };
  const missing: string[] = [];
  const rewritten: string[] = [];
  const counts = (day: string) => firstDay === null || firstDay <= day;
  const within = found.days.filter((day) => asked?.includes(day) ?? true);
  for (const day of within.filter(counts)) {
    const totals = { ...NO_TOTALS };
    for (const name of namesIn(pathOf(archive, day))) {
      if (!isScanName(name)) continue;
      const file = `${day}/${name}`;
      const stat = statScanFile(pathOf(archive, file));
      if (stat === null) continue;
      const row = journal.file(file);
      const audited = {
        file,
        verdict: row?.verdict.kind ?? null,
        isUnchanged:
          row !== null &&
          (isUnreadable(row.verdict) || (row.size === stat.size && row.mtimeUs === stat.mtimeUs)),
        isFresh: file === underWay || wallMicros() - stat.mtimeUs < FRESH_US,
      };
      countFile(total, audited);
      if (totals.files % FILES_PER_PROGRESS === 0) onProgress({ day, files: totals.files });
      const column = countFile(totals, audited);
      if (column === "missing" && missing.length < NAMED_MAX) missing.push(file);
      if (deep && row?.verdict.kind === "pushed" && column === "pushed") {
        if (!hasBytesOf({ journal, archive, file, seq: row.verdict.seq })) rewritten.push(file);
      }
    }
    days[day] = totals;
  }
  const gaps = journal.seqGaps();
  const before = within.filter((day) => !counts(day));
  const isOpen = (file: string) => asked !== null && journal.file(file) === null;
  const notOurs = countScanFiles(archive, before, isOpen);
  return {
    archive,
    first_day: firstDay,
    files_before_first_day: countScanFiles(archive, before, () => true),
    not_ours: notOurs,
    not_ours_before: journal.meta(PROVED_DAY_KEY),
    days,
    total,
    last_seq: journal.lastSeq(),
    seq_gaps: gaps,
    rewritten,
    missing,
    ok: total.missing === 0 && gaps.length === 0 && rewritten.length === 0 && notOurs === 0,
  };
}

function countScanFiles(
  archive: string,
  days: readonly string[],
  isCounted: (file: string) => boolean,
): number {
  let files = 0;
  for (const day of days) {
    for (const name of namesIn(pathOf(archive, day))) {
      if (isScanName(name) && isCounted(`${day}/${name}`)) files += 1;
    }
  }
  return files;
}

function isUnreadable(verdict: { readonly kind: string; readonly reason?: string }): boolean {
  return verdict.kind === "quarantined" && verdict.reason === "unreadable";
}

function hasBytesOf(of: {
  readonly journal: ScanJournal;
  readonly archive: string;
  readonly file: string;
  readonly seq: number;
}): boolean {
  const read = readScanFile(pathOf(of.archive, of.file));
  const row = of.journal.scan(of.seq);
  return read.kind === "read" && row !== null && row.hash.equals(hashOf(read.bytes));
}
