/**
 * All readings of all indicators, in SQLite: `<data-dir>/indicators/readings.db`. Rows are only added; the time of
 * the push and the number of sightings are the only updates. Invariant: `pushed_us` is the `_pushed_at` of the first text
 * in Hazelcast that states the value, written after that was stored and before another replaces it, and rises within a
 * series: a query as of a time before the newest push always returns the same answer, and that of a trader who heard
 * the text.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import type { KeptReading, KnownReading } from "../../domain/indicators/known-readings.ts";

export type SaidReading = Pick<KeptReading, "series" | "asOfMs" | "value">;

export type NewReading = Omit<KeptReading, "pushedUs"> & { readonly note: string | null };

/** A row of the history. */
export type ReadingRow = KeptReading & {
  readonly note: string | null;
  /** How often the source reported it. */
  readonly seen: number;
  readonly lastFetchedUs: number;
};

/** SQLite has no boolean type. */
type Stored<T> = Omit<T, "isOwn"> & { readonly isOwn: number };
type KnownRow = Stored<KnownReading>;

const VERSION = 1;
const BUSY_MS = 5_000;
/** Oldest rows that are examined with each reading. */
const PRUNED_AT_ONCE = 200;

const TABLE = `
  CREATE TABLE IF NOT EXISTS readings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    series TEXT NOT NULL, is_own INTEGER NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL,
    as_of_ms REAL NOT NULL, fetched_us INTEGER NOT NULL, pushed_us INTEGER,
    source TEXT NOT NULL, source_hash TEXT NOT NULL, note TEXT,
    seen INTEGER NOT NULL DEFAULT 1, last_fetched_us INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS by_series ON readings (series, as_of_ms, id);
  CREATE INDEX IF NOT EXISTS by_series_push ON readings (series, pushed_us);
  CREATE INDEX IF NOT EXISTS by_push ON readings (pushed_us, id) WHERE pushed_us IS NOT NULL;
`;
const COLUMNS = `series, is_own AS isOwn, value, unit, as_of_ms AS asOfMs, fetched_us AS fetchedUs, pushed_us AS pushedUs,
  source, source_hash AS sourceHash, note, seen, last_fetched_us AS lastFetchedUs`;

export function readingsPath(dataDir: string): string {
  return join(dataDir, "indicators", "readings.db");
}

export class ReadingsStore {
  readonly #db: Database.Database;

  /**
   * `readonly`: for everybody but the process that records readings. @throws {Database.SqliteError} SQLITE_CANTOPEN
   */
  constructor(path: string, { readonly }: { readonly readonly: boolean }) {
    if (!readonly) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#db = new Database(path, { readonly, fileMustExist: readonly, timeout: BUSY_MS });
    if (readonly) return;
    this.#db.pragma("journal_mode = WAL");
    const version = Number(this.#db.pragma("user_version", { simple: true }));
    if (VERSION < version) {
      this.#db.close();
      throw new Error(
        `a newer version of DOLPHIN wrote ${path} (version ${version}); use that one`,
      );
    }
    this.#db.exec(TABLE);
    this.#db.pragma(`user_version = ${VERSION}`);
  }

  /**
   * Adds new readings; one equal to the newest row of its series and time only increases that row's count. Returns
   * the row ids, in the order of the readings.
   */
  record(readings: readonly NewReading[], keptFromUs: number): readonly number[] {
    const newest = this.#db.prepare<[string, number], { id: number; value: number }>(
      "SELECT id, value FROM readings WHERE series = ? AND as_of_ms = ? ORDER BY id DESC LIMIT 1",
    );
    const again = this.#db.prepare<[number, number]>(
      "UPDATE readings SET seen = seen + 1, last_fetched_us = ? WHERE id = ?",
    );
    const add = this.#db.prepare<[Omit<NewReading, "isOwn"> & { isOwn: number }]>(
      `INSERT INTO readings (series, is_own, value, unit, as_of_ms, fetched_us, source, source_hash, note, last_fetched_us)
       VALUES (:series, :isOwn, :value, :unit, :asOfMs, :fetchedUs, :source, :sourceHash, :note, :fetchedUs)`,
    );
    const prune = this.#db.prepare<[number, number]>(
      `DELETE FROM readings WHERE fetched_us < ? AND id IN (SELECT id FROM readings ORDER BY id LIMIT ?)`,
    );
    return this.#db
      .transaction(() => {
        prune.run(keptFromUs, PRUNED_AT_ONCE);
        return readings.map((reading) => {
          const row = newest.get(reading.series, reading.asOfMs);
          if (row === undefined || row.value !== reading.value) {
            const isOwn = Number(reading.isOwn);
            return Number(add.run({ ...reading, isOwn }).lastInsertRowid);
          }
          again.run(reading.fetchedUs, row.id);
          return row.id;
        });
      })
      .immediate();
  }

  /**
   * Marks those of these rows that were not marked before: they are known from then on, each later than all of its
   * series before it.
   */
  markPushed(ids: readonly number[], pushedUs: number): void {
    const last = this.#db
      .prepare<[number], number | null>(
        "SELECT max(pushed_us) FROM readings WHERE series = (SELECT series FROM readings WHERE id = ?)",
      )
      .pluck();
    const mark = this.#db.prepare<[number, number]>(
      "UPDATE readings SET pushed_us = ? WHERE id = ? AND pushed_us IS NULL",
    );
    this.#db
      .transaction(() => {
        // After a clock was set back the time must still come after the earlier ones.
        const times = ids.map((id) => Math.max(pushedUs, (last.get(id) ?? 0) + 1));
        for (const [at, id] of ids.entries()) mark.run(times[at]!, id);
      })
      .immediate();
  }

  /**
   * Marks the rows of the values in a text that Hazelcast holds, where the process that stored it could not: it died,
   * or got no answer. `asOfMs` is in whole milliseconds, as in the text.
   */
  markSaid(said: readonly SaidReading[], pushedUs: number): void {
    const find = this.#db
      .prepare<[string, number, number, number], number>(
        `SELECT id FROM readings WHERE series = ? AND ? <= as_of_ms AND as_of_ms < ? AND value = ?
           AND pushed_us IS NULL ORDER BY id DESC LIMIT 1`,
      )
      .pluck();
    const ids = said.flatMap(({ series, asOfMs, value }) => {
      return find.get(series, asOfMs, asOfMs + 1, value) ?? [];
    });
    if (0 < ids.length) this.markPushed(ids, pushedUs);
  }

  /** Readings pushed within [from, to), in the order of the pushes; lazily. Null: of all indicators. */
  *pushed(
    range: { readonly fromUs: number; readonly toUs: number },
    names: readonly string[] | null = null,
  ): Generator<KnownReading> {
    const rows = this.#db
      .prepare<[{ fromUs: number; toUs: number; names: string | null }], KnownRow>(
        `SELECT ${COLUMNS} FROM readings WHERE :fromUs <= pushed_us AND pushed_us < :toUs
           AND (:names IS NULL OR substr(series, 1, instr(series || '.', '.') - 1)
             IN (SELECT value FROM json_each(:names)))
         ORDER BY pushed_us, id`,
      )
      .iterate({ ...range, names: names === null ? null : JSON.stringify(names) });
    for (const row of rows) yield { ...row, isOwn: row.isOwn === 1 };
  }

  /** Of the readings pushed by then the one with the newest `as_of`, one row per series. */
  knownAt(tUs: number): readonly KnownReading[] {
    return this.#db
      .prepare<[number], KnownRow>(
        `SELECT ${COLUMNS} FROM (SELECT *, row_number() OVER
           (PARTITION BY series ORDER BY as_of_ms DESC, pushed_us DESC, id DESC) AS place
         FROM readings WHERE pushed_us <= ?) WHERE place = 1 ORDER BY series`,
      )
      .all(tUs)
      .map((row) => ({ ...row, isOwn: row.isOwn === 1 }));
  }

  /** The newest rows of an indicator or one of its series, newest `as_of` first, revisions included. */
  history(
    name: string,
    { count, toUs }: { readonly count: number; readonly toUs: number | null },
  ): readonly ReadingRow[] {
    return this.#db
      .prepare<[{ name: string; toUs: number | null; count: number }], Stored<ReadingRow>>(
        `SELECT ${COLUMNS} FROM readings
         WHERE (series = :name OR substr(series, 1, length(:name) + 1) = :name || '.')
           AND (:toUs IS NULL OR pushed_us <= :toUs)
         ORDER BY as_of_ms DESC, id DESC LIMIT :count`,
      )
      .all({ name, toUs, count })
      .map((row) => ({ ...row, isOwn: row.isOwn === 1 }));
  }

  close(): void {
    this.#db.close();
  }
}
