/** The database of incidents: how it is opened for writing and reading, and its tables. */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { codeOf } from "../../domain/failure.ts";
import { createNotificationTables } from "./notifications.ts";

const VERSION = 1;
/** The delivery thread writes too, and must not block the engine: a locked write is repeated a second later. */
const BUSY_MS = 100;
const LOG_BYTES_KEPT = 1_048_576;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS engine (part TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS incidents (
    row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, rule TEXT NOT NULL, subject TEXT NOT NULL,
    state TEXT NOT NULL, started_ms INTEGER NOT NULL, resolved_ms INTEGER, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS incidents_open ON incidents (state) WHERE state <> 'resolved';
`;

export function incidentsFile(folder: string): string {
  return join(folder, "incidents.sqlite");
}

/** @throws {Error} of SQLite, or that the file is damaged, or of a newer release. */
export function openIncidentDatabase(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    const version = Number(db.pragma("user_version", { simple: true }));
    if (VERSION < version) {
      throw new DamagedError(
        `a newer release of DOLPHIN wrote ${path} (before that one runs again, move the file back)`,
      );
    }
    db.pragma("journal_mode = WAL");
    // A notification must be on disk before it is sent, even after a power failure.
    db.pragma("synchronous = FULL");
    db.pragma(`journal_size_limit = ${LOG_BYTES_KEPT}`);
    // On a full disk existing data can still be read.
    if (version < VERSION) {
      db.transaction(() => {
        db.exec(SCHEMA);
        createNotificationTables(db);
        db.pragma(`user_version = ${VERSION}`);
      }).immediate();
    }
    const verdict = String(db.pragma("quick_check(1)", { simple: true }));
    if (verdict !== "ok") throw new DamagedError(`${path} is damaged: ${verdict}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Null: there is none, or it is unreadable. */
export function openIncidentsToRead(path: string): Database.Database | null {
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    for (const table of ["incidents", "notifications", "engine"]) {
      db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
    }
    return db;
  } catch {
    db?.close();
    return null;
  }
}

export class DamagedError extends Error {
  override readonly name = "DamagedError";
}

export function isDamage(error: unknown): boolean {
  return error instanceof DamagedError || /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error) ?? "");
}

export function isWithoutRoom(error: unknown): boolean {
  return /^(?:SQLITE_(?:FULL|IOERR|CANTOPEN)|ENOSPC|EDQUOT)/.test(codeOf(error) ?? "");
}

/** Returns the new name. */
export function setIncidentsAside(path: string, nowMs: number): string {
  const aside = `${path}.damaged-${Math.round(nowMs)}`;
  for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  renameSync(path, aside);
  return aside;
}
