/**
 * Which Temporal the workers of a data directory serve: all that run at a time serve the same one, because its
 * supervisors start the services that write there. Each worker holds a shared lock on the file that says it; who finds
 * another Temporal there needs the exclusive lock to change it. Invariant: the kernel releases a lock when its process
 * dies in any way, so none can be stale.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

export type ServedBy =
  | {
      readonly kind: "held";
      /** Another Temporal that was served before; null: none. */
      readonly before: string | null;
      release(): void;
    }
  | { readonly kind: "taken"; readonly by: string };

/** A part of the data directory's state, and of its backup: a copy goes on with the Temporal that it belongs to. */
const FILE = "served-by.db";
/** A reader waits for the exclusive lock, which is held for an instant; its taker never waits for readers. */
const READ_WAIT_MS_MAX = 5_000;
const TRIES_MAX = 5;

export type Served = {
  /** The id of its namespace: no other database of Temporal's has it. */
  readonly id: string;
  /** Where it answers; the same on any machine for the same server. */
  readonly place: string;
};

/**
 * A server at the same place is the same one, although it has another id once it has lost its database: workers that
 * run have the old id then, and one that is started beside them has the new one. @throws {SqliteError}
 */
export function serveFor(dataDir: string, temporal: Served): ServedBy {
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  const db = new Database(join(dataDir, FILE));
  const release = () => db.close();
  let before: string | null = null;
  for (let tries = 1; ; tries += 1) {
    const found = heldTemporal(db);
    if (found?.id === temporal.id) return { kind: "held", before, release };
    const isLast = tries === TRIES_MAX;
    if (isLast && found?.place === temporal.place)
      return { kind: "held", before: found.id, release };
    db.exec("ROLLBACK");
    if (!replaced(db, temporal) && isLast) {
      release();
      return { kind: "taken", by: found?.id ?? "another one" };
    }
    before = found?.id ?? null;
  }
}

/** Whether workers run on it. @throws {SqliteError} */
export function isServed(dataDir: string): boolean {
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  const db = new Database(join(dataDir, FILE));
  try {
    return !isTaken(db);
  } finally {
    db.close();
  }
}

/** With a shared lock, which lasts as long as the transaction. Null: nobody has served it yet. */
function heldTemporal(db: Database.Database): Served | null {
  db.pragma(`busy_timeout = ${READ_WAIT_MS_MAX}`);
  db.exec("BEGIN");
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'served'").pluck();
  if (tables.get() === 0) return null;
  const [row] = db.prepare<[], Served>("SELECT id, place FROM served").all();
  return row ?? null;
}

/** False where others hold it. */
function replaced(db: Database.Database, { id, place }: Served): boolean {
  if (!isTaken(db)) return false;
  db.exec("CREATE TABLE IF NOT EXISTS served (id TEXT NOT NULL, place TEXT NOT NULL)");
  db.exec("DELETE FROM served");
  db.prepare("INSERT INTO served VALUES (?, ?)").run(id, place);
  db.exec("COMMIT");
  return true;
}

/** The exclusive lock. */
function isTaken(db: Database.Database): boolean {
  db.pragma("busy_timeout = 0");
  try {
    db.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}
