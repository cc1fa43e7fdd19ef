/** The audit: holds the archive's folders against the bridge's journal. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { listDays, namesIn, pathOf } from "../../adapters/archive/list-archive.ts";
import { readScanFile, statScanFile } from "../../adapters/archive/read-scan-file.ts";
import { wallMicros } from "../../adapters/clock.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { ScanJournal } from "../../adapters/journal/scan-journal.ts";
import type { Config } from "../../config.ts";
import { isScanName } from "../../domain/scan/archive-names.ts";
import { type AuditTotals, countFile, NO_TOTALS } from "../../domain/scan/audit.ts";
import { CliError } from "../context.ts";

export type Audit = {
  readonly archive: string;
  readonly first_day: string | null;
  readonly days: Readonly<Record<string, AuditTotals>>;
  readonly total: AuditTotals;
  readonly last_seq: number;
  readonly seq_gaps: readonly { readonly after: number; readonly before: number }[];
  /** Pushed files whose bytes are other ones now; only with `--deep`. */
  readonly rewritten: readonly string[];
  /** At most a hundred. */
  readonly missing: readonly string[];
  readonly ok: boolean;
};

/** A file younger than this is on its way. */
const FRESH_US = 5_000_000;
const NAMED_MAX = 100;

export function openJournal(config: Config, options: { readonly readonly: boolean }): ScanJournal {
  const path = join(config.data_dir, "journal", "scan-bridge.db");
  if (!existsSync(path)) {
    throw new CliError(
      `there is no journal ${path}: the scan bridge has not run on this data directory yet`,
    );
  }
  return new ScanJournal(path, options);
}

/** Reads only. `deep` reads and hashes every pushed file. */
export function auditArchive(config: Config, options: { readonly deep: boolean }): Audit {
  const journal = openJournal(config, { readonly: true });
  try {
    return auditAgainst(journal, config.archive, options);
  } finally {
    journal.close();
  }
}

function auditAgainst(
  journal: ScanJournal,
  archive: string,
  { deep }: { readonly deep: boolean },
): Audit {
  const found = listDays(archive);
  if (found.kind !== "listed") throw new CliError(`the archive ${archive} cannot be listed`);
  const firstDay = journal.meta("first_day");
  const days: Record<string, AuditTotals> = {};
  const total = { ...NO_TOTALS };
  const missing: string[] = [];
  const rewritten: string[] = [];
  for (const day of found.days.filter((name) => firstDay === null || firstDay <= name)) {
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
        isFresh: wallMicros() - stat.mtimeUs < FRESH_US,
      };
      countFile(total, audited);
      const column = countFile(totals, audited);
      if (column === "missing" && missing.length < NAMED_MAX) missing.push(file);
      if (deep && row?.verdict.kind === "pushed" && column === "pushed") {
        if (!hasBytesOf({ journal, archive, file, seq: row.verdict.seq })) rewritten.push(file);
      }
    }
    days[day] = totals;
  }
  const gaps = journal.seqGaps();
  return {
    archive,
    first_day: firstDay,
    days,
    total,
    last_seq: journal.lastSeq(),
    seq_gaps: gaps,
    rewritten,
    missing,
    ok: total.missing === 0 && gaps.length === 0 && rewritten.length === 0,
  };
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
