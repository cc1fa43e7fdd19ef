/**
 * An exclusive lock on a directory: one `dolphin up` or `dolphin restore` per data directory, one writer per trading
 * journal, one change at a time of a few files. The lock is an exclusive SQLite transaction held open: the kernel
 * releases it when the process dies in any way, so no lock can be stale.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

const FILE = "lock.db";
/** Names in the directory: the first stays. */
export const LOCK_FILES: readonly string[] = [FILE, `${FILE}-journal`];

export type DirectoryLock = { release(): void };

/** Null when another process holds the directory, and still does after `waitMs`. */
export function lockDirectory(dataDir: string, waitMs = 0): DirectoryLock | null {
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  const db = new Database(join(dataDir, FILE), { timeout: waitMs });
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
