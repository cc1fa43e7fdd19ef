/** Copies files while others write them: a database as of one transaction, any other file as it is. */
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readSync,
  utimesSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { codeOf } from "../../domain/failure.ts";
import { syncPath } from "../files/sync-path.ts";

const SQLITE_HEAD = "SQLite format 3\0";
const LOCKED_MS_MAX = 30_000;
const PAGES_MAX = 0x7f_ff_ff_ff;
const FOLDER_MODE = 0o750;

/** False when the file is gone by now: its owner has removed it. */
export async function copyAsItStands(from: string, to: string): Promise<boolean> {
  try {
    mkdirSync(dirname(to), { recursive: true, mode: FOLDER_MODE });
    if (isDatabase(from)) await copyDatabase(from, to);
    else copyBytes(from, to);
    syncPath(to);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Of a file that nobody writes to, with its times. */
export function copyAtRest(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: FOLDER_MODE });
  copyBytes(from, to);
  syncPath(to);
}

function copyBytes(from: string, to: string): void {
  copyFileSync(from, to);
  const { atime, mtime } = statSync(from);
  utimesSync(to, atime, mtime);
}

/**
 * All pages in one step, hence as of one transaction, including the write-ahead log. `VACUUM INTO` would not do: it reads
 * the schema, and Temporal's has words that this SQLite refuses.
 */
async function copyDatabase(from: string, to: string): Promise<void> {
  const db = new Database(from, { readonly: true, fileMustExist: true, timeout: LOCKED_MS_MAX });
  try {
    const { totalPages } = await db.backup(to, { progress: () => PAGES_MAX });
    // A database that stays locked is reported as copied, without a page.
    if (totalPages === 0) throw new Error(`${from} was locked for ${LOCKED_MS_MAX / 1_000} s`);
  } finally {
    db.close();
  }
}

function isDatabase(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(SQLITE_HEAD.length);
    return readSync(file, head) === head.length && head.toString("latin1") === SQLITE_HEAD;
  } finally {
    closeSync(file);
  }
}
