/** Copies of files that others write meanwhile: a database as one moment of it, everything else as it is found. */
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

/** False when it is gone by now: whoever keeps it has taken it away. */
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

/** Of one transaction, with what its write-ahead log holds; who writes it meanwhile does not wait. */
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
