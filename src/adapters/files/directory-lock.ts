/**
 * An exclusive lock on a directory: one `dolphin up` per data directory, one writer per trading journal, one
 * change at a time of a few files. The lock is an exclusive SQLite transaction held open: the kernel releases it when the process dies in any way, so no lock can
 * be stale.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

export type DirectoryLock = { release(): void };

/** Null when another process holds the directory, and still does after `waitMs`. */
export function lockDirectory(dataDir: string, waitMs = 0): DirectoryLock | null {
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  const db = new Database(join(dataDir, "lock.db"), { timeout: waitMs });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
  return {
    release() {
      db.close();
    },
  };
}
