/**
 * The scan bridge's journal, in SQLite: which file became which seq, and what became of every
 * other file. Written before a scan is committed to Hazelcast.
 *
 * Invariant: seqs are contiguous from `firstSeq` to `lastSeq`, and only the bridge of the
 * highest epoch writes. With `synchronous = OFF` a commit survives any death of the process; a
 * power cut can lose the tail, which Hazelcast or the archive then tells again.
 */
import { renameSync } from "node:fs";
import { crc32 } from "node:zlib";
import Database from "better-sqlite3";

export const JOURNAL_VERSION = 1;
const CHECKPOINT_EVERY_ROWS = 1_000;
const BUSY_MS = 2_000;

export type JournalScan = {
  readonly seq: number;
  readonly epoch: number;
  /** `YYYY-MM-DD/name`. */
  readonly file: string;
  /** SHA-256 of the bytes, 32 bytes. */
  readonly hash: Uint8Array;
  readonly scanNumber: number;
  readonly size: number;
  readonly mtimeUs: number;
  /** min(mtime, first seen). */
  readonly timeUs: number;
  readonly late: boolean;
  readonly replayed: boolean;
  readonly pushedUs: number;
};

export type Verdict =
  | { readonly kind: "pushed"; readonly seq: number }
  | { readonly kind: "duplicate"; readonly seq: number }
  | { readonly kind: "quarantined"; readonly reason: string; readonly detail: string };

export type JournalFile = {
  readonly file: string;
  readonly size: number;
  readonly mtimeUs: number;
  readonly verdict: Verdict;
  /** When the verdict was reached. */
  readonly atUs: number;
};

export type JournalCounts = {
  readonly pushed: number;
  readonly duplicates: number;
  readonly quarantined: number;
};

export type ScanJournal = ReturnType<typeof openScanJournal>;

export type JournalErrorCode =
  "JOURNAL_FENCED" | "JOURNAL_CORRUPT" | "JOURNAL_UNAVAILABLE" | "JOURNAL_VERSION";

/** FENCED: a newer bridge owns the journal. UNAVAILABLE: disk full, locked, I/O error; try again. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly code: JournalErrorCode;
  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const SCHEMA = `
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
`;

const LATE = 1;
const REPLAYED = 2;

/**
 * Opens or creates the journal. `readonly` is for audits beside a running bridge.
 * @throws {JournalError} JOURNAL_CORRUPT, JOURNAL_VERSION or JOURNAL_UNAVAILABLE.
 */
export function openScanJournal(path: string, options: { readonly readonly?: boolean } = {}) {
  const db = guard(() => openDatabase(path, options.readonly === true));
  const sql = guard(() => prepare(db));
  let ownEpoch = 0;
  let rowsSinceCheckpoint = 0;

  const meta = (key: string): unknown => sql.metaGet.get(key);
  const assertOwned = (): void => {
    const epoch = Number(meta("epoch") ?? 0);
    if (epoch !== ownEpoch) {
      throw new JournalError(
        "JOURNAL_FENCED",
        `journal belongs to epoch ${epoch}, this bridge has epoch ${ownEpoch}`,
      );
    }
  };
  const putFile = (row: JournalFile): void => {
    const slash = row.file.indexOf("/");
    const { verdict } = row;
    const refused = verdict.kind === "quarantined" ? verdict : null;
    sql.filePut.run(
      row.file.slice(0, slash),
      row.file.slice(slash + 1),
      verdict.kind,
      verdict.kind === "quarantined" ? null : verdict.seq,
      refused?.reason ?? null,
      refused?.detail ?? null,
      row.size,
      row.mtimeUs,
      row.atUs,
    );
  };
  const putScan = (row: JournalScan): void => {
    const hash = Buffer.from(row.hash.buffer, row.hash.byteOffset, row.hash.byteLength);
    const flags = (row.late ? LATE : 0) | (row.replayed ? REPLAYED : 0);
    sql.scanPut.run(
      row.seq,
      row.epoch,
      row.file,
      hash,
      hash.readUIntBE(0, 6),
      row.scanNumber,
      row.size,
      row.mtimeUs,
      row.timeUs,
      flags,
      row.pushedUs,
      checksum(row.seq, row.file, hash),
    );
  };

  const transactions = {
    append: db.transaction((rows: readonly JournalScan[], files: readonly JournalFile[]) => {
      assertOwned();
      for (const row of rows) {
        putScan(row);
        const verdict = { kind: "pushed", seq: row.seq } as const;
        putFile({ ...row, verdict, atUs: row.pushedUs });
      }
      for (const file of files) putFile(file);
    }),
    claim: db.transaction((epoch: number) => {
      const found = Number(meta("epoch") ?? 0);
      if (epoch <= found) {
        throw new JournalError("JOURNAL_FENCED", `journal belongs to epoch ${found}`);
      }
      sql.metaPut.run("epoch", epoch);
    }),
    dropFrom: db.transaction((seq: number) => {
      assertOwned();
      sql.filesDropFrom.run(seq);
      return sql.scansDropFrom.run(seq).changes;
    }),
  };

  return {
    path,
    epoch: (): number => Number(meta("epoch") ?? 0),
    lastSeq: (): number => Number(sql.lastSeq.get() ?? 0),

    /** Takes the journal for `epoch`; whoever holds a lower one is refused from now on. */
    claimEpoch(epoch: number): void {
      guard(() => transactions.claim.immediate(epoch));
      ownEpoch = epoch;
    },

    /** Writes scans (each also as the verdict on its file) and other verdicts in one transaction. */
    append(rows: readonly JournalScan[], files: readonly JournalFile[] = []): void {
      guard(() => transactions.append.immediate(rows, files));
      rowsSinceCheckpoint += rows.length + files.length;
      if (CHECKPOINT_EVERY_ROWS <= rowsSinceCheckpoint) {
        rowsSinceCheckpoint = 0;
        guard(() => db.pragma("wal_checkpoint(PASSIVE)"));
      }
    },

    /** Forgets the rows from `seq` on: they were never committed. Returns how many. */
    dropFrom: (seq: number): number => guard(() => transactions.dropFrom.immediate(seq)),

    meta: (key: string): string | null => {
      const value = guard(() => meta(key));
      return value === undefined || value === null ? null : String(value);
    },
    setMeta: (key: string, value: string | number): void => {
      guard(() => sql.metaPut.run(key, value));
    },

    file(file: string): JournalFile | null {
      const slash = file.indexOf("/");
      const row = guard(() => sql.fileGet.get(file.slice(0, slash), file.slice(slash + 1)));
      return row === undefined ? null : fileFrom(row as FileRow);
    },
    /** Names with a verdict in one day's folder. */
    names: (day: string): IterableIterator<string> =>
      sql.names.iterate(day) as IterableIterator<string>,
    files: (): IterableIterator<JournalFile> => mapRows(sql.files.iterate(), fileFrom),
    quarantined: (): readonly JournalFile[] =>
      guard(() => sql.quarantined.all().map((row) => fileFrom(row as FileRow))),

    /** The seq that these bytes already have, under whatever name. */
    seqOfHash(hash: Buffer): number | null {
      const rows = guard(() => sql.byHash.all(hash.readUIntBE(0, 6))) as {
        seq: number;
        hash: Buffer;
      }[];
      return rows.find((row) => row.hash.equals(hash))?.seq ?? null;
    },
    scan(seq: number): JournalScan | null {
      const row = guard(() => sql.scanGet.get(seq));
      return row === undefined ? null : scanFrom(row as ScanRow);
    },
    /** In ascending order of seq, both ends included. */
    scans: (fromSeq: number, toSeq: number): IterableIterator<JournalScan> =>
      mapRows(sql.scanRange.iterate(fromSeq, toSeq), scanFrom),
    /** The lowest seq pushed at or after a time; null when there is none. */
    firstSeqSince(pushedUs: number): number | null {
      const seq = guard(() => sql.firstSince.get(pushedUs));
      return typeof seq === "number" ? seq : null;
    },
    /** The newest scan that is not late: order goes on from it. */
    newestInOrder(): JournalScan | null {
      const row = guard(() => sql.newestInOrder.get());
      return row === undefined ? null : scanFrom(row as ScanRow);
    },
    counts(): JournalCounts {
      const rows = guard(() => sql.counts.all()) as { verdict: string; n: number }[];
      const of = (verdict: string) => rows.find((row) => row.verdict === verdict)?.n ?? 0;
      return {
        pushed: of("pushed"),
        duplicates: of("duplicate"),
        quarantined: of("quarantined"),
      };
    },
    /** Seqs missing between the first and the last; empty when the journal is whole. */
    seqGaps: (): readonly { readonly after: number; readonly before: number }[] =>
      guard(() => sql.gaps.all()) as { after: number; before: number }[],
    checkpoint(): void {
      guard(() => db.pragma("wal_checkpoint(TRUNCATE)"));
    },
    close(): void {
      db.close();
    },
  };
}

/** Puts a damaged journal aside, under a name that says when; returns the new name. */
export function setJournalAside(path: string, stamp: string): string {
  const aside = `${path}.corrupt-${stamp}`;
  renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch {
      // It may not exist; without the main file it means nothing.
    }
  }
  return aside;
}

const QUICK_CHECK_BYTES_MAX = 64 * 1_048_576;

function openDatabase(path: string, readonly: boolean): Database.Database {
  const db = new Database(path, { readonly, timeout: BUSY_MS });
  if (readonly) return db;
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = OFF");
  db.pragma("wal_autocheckpoint = 0");
  const version = Number(db.pragma("user_version", { simple: true }));
  if (JOURNAL_VERSION < version) {
    throw new JournalError(
      "JOURNAL_VERSION",
      `journal ${path} has version ${version}, this program reads up to ${JOURNAL_VERSION}; ` +
        "run the newer program, or move the file away to rebuild it from Hazelcast",
    );
  }
  db.exec(SCHEMA);
  db.pragma(`user_version = ${JOURNAL_VERSION}`);
  const bytes = Number(db.pragma("page_count", { simple: true })) * 4_096;
  if (bytes < QUICK_CHECK_BYTES_MAX) {
    const verdict = String(db.pragma("quick_check(1)", { simple: true }));
    if (verdict !== "ok") {
      throw new JournalError("JOURNAL_CORRUPT", `journal ${path} is damaged: ${verdict}`);
    }
  }
  return db;
}

function prepare(db: Database.Database) {
  const scanColumns =
    "seq, epoch, file, hash, scan_number, size, mtime_us, time_us, flags, pushed_us, crc";
  const fileColumns = "day, name, verdict, seq, reason, detail, size, mtime_us, at_us";
  return {
    metaGet: db.prepare("SELECT value FROM meta WHERE key = ?").pluck(),
    metaPut: db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    scanPut: db.prepare("INSERT INTO scans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    filePut: db.prepare("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    lastSeq: db.prepare("SELECT max(seq) FROM scans").pluck(),
    filesDropFrom: db.prepare("DELETE FROM files WHERE verdict <> 'quarantined' AND ? <= seq"),
    scansDropFrom: db.prepare("DELETE FROM scans WHERE ? <= seq"),
    fileGet: db.prepare(`SELECT ${fileColumns} FROM files WHERE day = ? AND name = ?`),
    files: db.prepare(`SELECT ${fileColumns} FROM files`),
    names: db.prepare("SELECT name FROM files WHERE day = ?").pluck(),
    quarantined: db.prepare(`SELECT ${fileColumns} FROM files WHERE verdict = 'quarantined'`),
    byHash: db.prepare("SELECT seq, hash FROM scans WHERE hash48 = ?"),
    scanGet: db.prepare(`SELECT ${scanColumns} FROM scans WHERE seq = ?`),
    scanRange: db.prepare(
      `SELECT ${scanColumns} FROM scans WHERE seq BETWEEN ? AND ? ORDER BY seq`,
    ),
    newestInOrder: db.prepare(
      `SELECT ${scanColumns} FROM scans WHERE flags & ${LATE} = 0 ORDER BY seq DESC LIMIT 1`,
    ),
    firstSince: db.prepare("SELECT min(seq) FROM scans WHERE ? <= pushed_us").pluck(),
    counts: db.prepare("SELECT verdict, count(*) AS n FROM files GROUP BY verdict"),
    gaps: db.prepare(
      `SELECT seq AS after, next AS before FROM
         (SELECT seq, lead(seq) OVER (ORDER BY seq) AS next FROM scans)
       WHERE next <> seq + 1 LIMIT 100`,
    ),
  };
}

type ScanRow = {
  seq: number;
  epoch: number;
  file: string;
  hash: Buffer;
  scan_number: number;
  size: number;
  mtime_us: number;
  time_us: number;
  flags: number;
  pushed_us: number;
  crc: number;
};

function scanFrom(row: ScanRow): JournalScan {
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

type FileRow = {
  day: string;
  name: string;
  verdict: string;
  seq: number | null;
  reason: string | null;
  detail: string | null;
  size: number;
  mtime_us: number;
  at_us: number;
};

function fileFrom(row: FileRow): JournalFile {
  const verdict: Verdict =
    row.verdict === "quarantined"
      ? { kind: "quarantined", reason: row.reason ?? "unknown", detail: row.detail ?? "" }
      : { kind: row.verdict === "pushed" ? "pushed" : "duplicate", seq: row.seq ?? 0 };
  const file = `${row.day}/${row.name}`;
  return { file, size: row.size, mtimeUs: row.mtime_us, verdict, atUs: row.at_us };
}

function* mapRows<Row, T>(rows: IterableIterator<unknown>, from: (row: Row) => T) {
  for (const row of rows) yield from(row as Row);
}

/** The identity columns; SQLite itself keeps no checksum of a page. */
function checksum(seq: number, file: string, hash: Uint8Array): number {
  return crc32(hash, crc32(`${seq} ${file}`));
}

function guard<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    const corrupt = /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
    throw new JournalError(
      corrupt ? "JOURNAL_CORRUPT" : "JOURNAL_UNAVAILABLE",
      `journal: ${error.code}: ${error.message}`,
      { cause: error },
    );
  }
}
