/** The journal's tables, its statements, and the meaning of their rows. */
import { crc32 } from "node:zlib";
import type Database from "better-sqlite3";
import { codeOf } from "../../domain/failure.ts";

export type JournalScan = {
  readonly seq: number;
  readonly epoch: number;
  /** `YYYY-MM-DD/name`. */
  readonly file: string;
  /** SHA-256 of the bytes, 32 bytes. */
  readonly hash: Buffer;
  readonly scanNumber: number;
  readonly size: number;
  readonly mtimeUs: number;
  /** min(mtime, first seen). */
  readonly timeUs: number;
  readonly late: boolean;
  readonly replayed: boolean;
  readonly pushedUs: number;
  /** When the bridge first saw the file and had decoded it; both or neither. `scan-ways.ts` reads them. */
  readonly seenUs?: number;
  readonly decodedUs?: number;
};

export type FileVerdict =
  | {
      readonly kind: "pushed";
      readonly seq: number;
      /** The way of the scan until then; nothing else depends on it. */
      readonly way?: string;
    }
  | { readonly kind: "duplicate"; readonly seq: number }
  | { readonly kind: "quarantined"; readonly reason: string; readonly detail: string };

export type JournalFile = {
  readonly file: string;
  readonly size: number;
  readonly mtimeUs: number;
  readonly verdict: FileVerdict;
  /** When the verdict was reached. */
  readonly atUs: number;
};

export type JournalErrorCode =
  | "JOURNAL_FENCED"
  | "JOURNAL_CORRUPT"
  | "JOURNAL_UNAVAILABLE"
  | "JOURNAL_VERSION"
  | "JOURNAL_CONFLICT";

/**
 * FENCED: a newer bridge owns the journal. UNAVAILABLE: disk full, locked, I/O error; try again. CONFLICT: another
 * program must have written an existing row; trying again does not help.
 */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly code: JournalErrorCode;
  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS scans (
    seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, file TEXT NOT NULL, hash BLOB NOT NULL,
    hash48 INTEGER NOT NULL, scan_number INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime_us INTEGER NOT NULL, time_us INTEGER NOT NULL, flags INTEGER NOT NULL,
    pushed_us INTEGER NOT NULL, crc INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS scans_by_hash ON scans (hash48);
  CREATE TABLE IF NOT EXISTS files (
    day TEXT NOT NULL, name TEXT NOT NULL, verdict TEXT NOT NULL, seq INTEGER, reason TEXT,
    detail TEXT, size INTEGER NOT NULL, mtime_us INTEGER NOT NULL, at_us INTEGER NOT NULL,
    PRIMARY KEY (day, name)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS duplicates_by_seq ON files (seq) WHERE verdict = 'duplicate';
`;

/** Bits of a row's `flags`. */
export const LATE = 1;
export const REPLAYED = 2;
const SCAN_COLUMNS =
  "seq, epoch, file, hash, scan_number, size, mtime_us, time_us, flags, pushed_us, crc";
const FILE_COLUMNS = "day, name, verdict, seq, reason, detail, size, mtime_us, at_us";

type Value = string | number | Buffer | null;
type ScanRow = {
  readonly seq: number;
  readonly epoch: number;
  readonly file: string;
  readonly hash: Buffer;
  readonly scan_number: number;
  readonly size: number;
  readonly mtime_us: number;
  readonly time_us: number;
  readonly flags: number;
  readonly pushed_us: number;
  readonly crc: number;
};
type FileRow = {
  readonly day: string;
  readonly name: string;
  readonly verdict: string;
  readonly seq: number | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly size: number;
  readonly mtime_us: number;
  readonly at_us: number;
};

export type Statements = ReturnType<typeof prepareStatements>;

/** A key of `meta` whose value never falls. */
export const META_RAISE = `INSERT INTO meta VALUES (?, ?)
  ON CONFLICT DO UPDATE SET value = excluded.value WHERE value < excluded.value`;

/** A pushed file that is examined again keeps its recorded way. */
const FILE_PUT = `INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  detail = CASE WHEN excluded.verdict = 'pushed' AND verdict = 'pushed' AND excluded.seq = seq
    THEN coalesce(excluded.detail, detail) ELSE excluded.detail END,
  verdict = excluded.verdict, seq = excluded.seq, reason = excluded.reason,
  size = excluded.size, mtime_us = excluded.mtime_us, at_us = excluded.at_us`;

export function prepareStatements(db: Database.Database) {
  return {
    metaGet: db
      .prepare<[string], string | number | null>("SELECT value FROM meta WHERE key = ?")
      .pluck(),
    metaPut: db.prepare<Value[]>("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    scanPut: db.prepare<Value[]>("INSERT INTO scans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    filePut: db.prepare<Value[]>(FILE_PUT),
    lastSeq: db.prepare<[], number | null>("SELECT max(seq) FROM scans").pluck(),
    filesDropFrom: db.prepare<[number]>(
      "DELETE FROM files WHERE verdict <> 'quarantined' AND ? <= seq",
    ),
    scansDropFrom: db.prepare<[number]>("DELETE FROM scans WHERE ? <= seq"),
    fileGet: db.prepare<[string, string], FileRow>(
      `SELECT ${FILE_COLUMNS} FROM files WHERE day = ? AND name = ?`,
    ),
    files: db.prepare<[], FileRow>(`SELECT ${FILE_COLUMNS} FROM files`),
    names: db.prepare<[string], string>("SELECT name FROM files WHERE day = ?").pluck(),
    namesUnsure: db
      .prepare<{ readonly day: string; readonly us: number }, string>(
        `SELECT name FROM files WHERE day = @day AND (verdict = 'quarantined'
           OR (SELECT max(at_us) FROM files WHERE day = @day) - @us <= at_us)`,
      )
      .pluck(),
    duplicates: db.prepare<[number], FileRow>(
      `SELECT ${FILE_COLUMNS} FROM files WHERE verdict = 'duplicate' AND seq = ?`,
    ),
    quarantined: db.prepare<[], FileRow>(
      `SELECT ${FILE_COLUMNS} FROM files WHERE verdict = 'quarantined' ORDER BY at_us`,
    ),
    hashesAfter: db.prepare<[number, number], { readonly seq: number; readonly hash48: number }>(
      "SELECT seq, hash48 FROM scans WHERE ? < seq ORDER BY seq LIMIT ?",
    ),
    byHash: db.prepare<[number], { readonly seq: number; readonly hash: Buffer }>(
      "SELECT seq, hash FROM scans WHERE hash48 = ?",
    ),
    scanGet: db.prepare<[number], ScanRow>(`SELECT ${SCAN_COLUMNS} FROM scans WHERE seq = ?`),
    scanRange: db.prepare<[number, number], ScanRow>(
      `SELECT ${SCAN_COLUMNS} FROM scans WHERE seq BETWEEN ? AND ? ORDER BY seq`,
    ),
    seqFrom: db
      .prepare<[number], number | null>("SELECT min(seq) FROM scans WHERE ? <= seq")
      .pluck(),
    newestInOrder: db.prepare<[], ScanRow>(
      `SELECT ${SCAN_COLUMNS} FROM scans WHERE flags & ${LATE} = 0 ORDER BY seq DESC LIMIT 1`,
    ),
    pushedOfDay: db.prepare<
      [string],
      { readonly name: string; readonly seq: number; readonly time_us: number }
    >(
      `SELECT files.name, scans.seq, scans.time_us FROM files JOIN scans USING (seq)
       WHERE files.day = ? AND files.verdict = 'pushed'`,
    ),
    counts: db.prepare<[], { readonly verdict: string; readonly n: number }>(
      "SELECT verdict, count(*) AS n FROM files GROUP BY verdict",
    ),
    unbrokenFrom: db
      .prepare<[], number>(
        `SELECT seq FROM scans AS row
         WHERE NOT EXISTS (SELECT 1 FROM scans WHERE scans.seq = row.seq - 1)
         ORDER BY seq DESC LIMIT 1`,
      )
      .pluck(),
    gaps: db.prepare<[number], SeqGap>(
      `SELECT seq AS after, next AS before FROM
         (SELECT seq, lead(seq) OVER (ORDER BY seq) AS next FROM scans WHERE ? <= seq)
       WHERE next <> seq + 1 LIMIT 100`,
    ),
  };
}

/** The seqs between `after` and `before` are missing. */
export type SeqGap = { readonly after: number; readonly before: number };

/** Writing the same row again is allowed. @throws {JournalError} JOURNAL_CONFLICT when a different one exists. */
export function putScan(statements: Statements, scan: JournalScan): void {
  try {
    insertScan(statements, scan);
  } catch (error) {
    if (codeOf(error)?.startsWith("SQLITE_CONSTRAINT") !== true) throw error;
    const standing = statements.scanGet.get(scan.seq);
    if (standing?.file === scan.file && standing.hash.equals(scan.hash)) return;
    throw new JournalError(
      "JOURNAL_CONFLICT",
      `seq ${scan.seq} is ${JSON.stringify(standing?.file)} in the journal and was to become ` +
        `${JSON.stringify(scan.file)}: something else has written to it; the next start resolves it`,
      { cause: error },
    );
  }
}

function insertScan(statements: Statements, scan: JournalScan): void {
  statements.scanPut.run(
    scan.seq,
    scan.epoch,
    scan.file,
    scan.hash,
    prefixOf(scan.hash),
    scan.scanNumber,
    scan.size,
    scan.mtimeUs,
    scan.timeUs,
    (scan.late ? LATE : 0) | (scan.replayed ? REPLAYED : 0),
    scan.pushedUs,
    checksum(scan.seq, scan.file, scan.hash),
  );
}

export function putFile(statements: Statements, row: JournalFile): void {
  const { verdict } = row;
  const refused = verdict.kind === "quarantined" ? verdict : null;
  const { day, name } = splitFile(row.file);
  statements.filePut.run(
    day,
    name,
    verdict.kind,
    verdict.kind === "quarantined" ? null : verdict.seq,
    refused?.reason ?? null,
    verdict.kind === "pushed" ? (verdict.way ?? null) : (refused?.detail ?? null),
    row.size,
    row.mtimeUs,
    row.atUs,
  );
}

/** @throws {JournalError} JOURNAL_CORRUPT when the row's checksum is wrong. */
export function scanFrom(row: ScanRow): JournalScan {
  if (checksum(row.seq, row.file, row.hash) !== row.crc) {
    throw new JournalError("JOURNAL_CORRUPT", `journal row of seq ${row.seq} is damaged`);
  }
  return {
    seq: row.seq,
    epoch: row.epoch,
    file: row.file,
    hash: row.hash,
    scanNumber: row.scan_number,
    size: row.size,
    mtimeUs: row.mtime_us,
    timeUs: row.time_us,
    late: (row.flags & LATE) !== 0,
    replayed: (row.flags & REPLAYED) !== 0,
    pushedUs: row.pushed_us,
  };
}

export function fileFrom(row: FileRow): JournalFile {
  const verdict: FileVerdict =
    row.verdict === "quarantined"
      ? { kind: "quarantined", reason: row.reason ?? "unknown", detail: row.detail ?? "" }
      : { kind: row.verdict === "pushed" ? "pushed" : "duplicate", seq: row.seq ?? 0 };
  const file = `${row.day}/${row.name}`;
  return { file, size: row.size, mtimeUs: row.mtime_us, verdict, atUs: row.at_us };
}

/** `2026-03-25/a.arrow` -> day and name. */
export function splitFile(file: string): { readonly day: string; readonly name: string } {
  const slash = file.indexOf("/");
  return { day: file.slice(0, slash), name: file.slice(slash + 1) };
}

/** The first 48 bits of a hash: an integer that SQLite and JavaScript both hold exactly. */
export function prefixOf(hash: Buffer): number {
  return hash.readUIntBE(0, 6);
}

/** Over the identity of a row; SQLite itself has no page checksums. */
function checksum(seq: number, file: string, hash: Buffer): number {
  return crc32(hash, crc32(`${seq} ${file}`));
}
