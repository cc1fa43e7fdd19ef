/**
 * The journal's database file: how it is opened for writing and reading, the checks at opening, and the meaning of
 * SQLite's errors.
 */
import { renameSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import {
  JournalError,
  type JournalErrorCode,
  prefixOf,
  prepareStatements,
  scanFrom,
  SCHEMA,
  splitFile,
  type Statements,
} from "./journal-rows.ts";
import { PRUNED_SCHEMA } from "./journal-retention.ts";
import { HOURS_SCHEMA } from "./pushed-hours.ts";

const JOURNAL_VERSION = 1;
/** How long a write waits while another program holds the journal's lock. */
export const BUSY_MS = 2_000;
/** Size to which the write-ahead log is truncated when it restarts. */
export const LOG_BYTES_KEPT = 4 * 1_048_576;
/** In a larger journal only the newest rows are checked, so that a start does not wait. */
const QUICK_CHECK_BYTES_MAX = 64 * 1_048_576;
/** The rows that a start may have to publish again: as many as the ringbuffer holds. */
const ROWS_CHECKED = 2_000;
/** The number of these that are also checked through the indices. */
const ROWS_IN_INDICES = 100;

export function openDatabase(path: string, readonly: boolean): Database.Database {
  const db = new Database(path, { readonly, timeout: BUSY_MS });
  if (readonly) return db;
  try {
    prepareToWrite(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareToWrite(db: Database.Database, path: string): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (JOURNAL_VERSION < version) {
    throw new JournalError(
      "JOURNAL_VERSION",
      `journal ${path} has version ${version}, this program reads up to ${JOURNAL_VERSION}; ` +
        "run the newer program, or move the file away to rebuild it from Hazelcast",
    );
  }
  db.pragma("journal_mode = WAL");
  // Only the write that restarts the log waits for the disk.
  db.pragma("synchronous = NORMAL");
  db.pragma(`journal_size_limit = ${LOG_BYTES_KEPT}`);
  db.pragma("wal_autocheckpoint = 0");
  // In one transaction: a concurrent reader finds all of it or nothing.
  db.transaction(() => {
    db.exec(SCHEMA + HOURS_SCHEMA + PRUNED_SCHEMA);
    db.pragma(`user_version = ${JOURNAL_VERSION}`);
  }).immediate();
  const pageBytes = Number(db.pragma("page_size", { simple: true }));
  const bytes = Number(db.pragma("page_count", { simple: true })) * pageBytes;
  const verdict =
    bytes < QUICK_CHECK_BYTES_MAX
      ? String(db.pragma("quick_check(1)", { simple: true }))
      : verdictOnNewest(prepareStatements(db));
  if (verdict !== "ok") {
    throw new JournalError("JOURNAL_CORRUPT", `journal ${path} is damaged: ${verdict}`);
  }
}

/** A power failure or a bad disk mostly damages what was written last. */
function verdictOnNewest(statements: Statements): string {
  const last = statements.lastSeq.get() ?? 0;
  for (const row of statements.scanRange.all(last - ROWS_CHECKED + 1, last)) {
    const { seq, file, hash } = scanFrom(row);
    // Each of these is a separate page on disk.
    if (seq <= last - ROWS_IN_INDICES) continue;
    if (!statements.byHash.all(prefixOf(hash)).some((found) => found.seq === seq)) {
      return `seq ${seq} is not found by its hash`;
    }
    const { day, name } = splitFile(file);
    // It may be missing: a verdict is deleted with its day.
    statements.fileGet.get(day, name);
  }
  return "ok";
}

/** Moves a damaged journal aside, under a name with the time; returns the new name. */
export function setJournalAside(path: string, stamp: string): string {
  const aside = `${path}.corrupt-${stamp}`;
  renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch {
      // It may not exist; without the main file it is meaningless.
    }
  }
  return aside;
}

/** @throws {JournalError} for any error of SQLite or the file system. */
export function guarded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (isFileError(error)) {
      throw new JournalError("JOURNAL_UNAVAILABLE", `journal: ${error.message}`, { cause: error });
    }
    if (!(error instanceof Database.SqliteError)) throw error;
    throw new JournalError(meaningOf(error.code), `journal: ${error.code}: ${error.message}`, {
      cause: error,
    });
  }
}

/** A conflict with existing rows will recur: only other errors are worth a retry. */
function meaningOf(sqliteCode: string): JournalErrorCode {
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(sqliteCode)) return "JOURNAL_CORRUPT";
  return sqliteCode.startsWith("SQLITE_CONSTRAINT") ? "JOURNAL_CONFLICT" : "JOURNAL_UNAVAILABLE";
}

/** File system errors of the slot: no space, no permission. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** The inode of the file with this name; null when there is none. */
export function inodeOf(path: string): string | null {
  return guarded(() => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
  });
}
