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

const SQLITE_HEAD = "SQLite format 3\0";

/** False when the file is gone by now: its owner has removed it. */
export function copyAsItStands(from: string, to: string): boolean {
  try {
    mkdirSync(dirname(to), { recursive: true });
    if (isDatabase(from)) copyDatabase(from, to);
    else {
      copyFileSync(from, to);
      const { atime, mtime } = statSync(from);
      utimesSync(to, atime, mtime);
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** A consistent snapshot, including the write-ahead log; writers are not blocked. */
function copyDatabase(from: string, to: string): void {
  const db = new Database(from, { readonly: true, fileMustExist: true });
  try {
    db.prepare("VACUUM INTO ?").run(to);
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
