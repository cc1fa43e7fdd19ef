/**
 * The first seq of each hour: a sparse index that finds a time among millions of rows. It costs a row a page lookup,
 * where a full index would cost a page of the log. Invariant: no existing row of an hour has a lower seq than the
 * stored one; deleted rows may have had.
 */
import type Database from "better-sqlite3";

const US_PER_HOUR = 3_600_000_000;

/** A trigger, so that rows written by an older release count as well. */
export const HOURS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS pushed_hours (hour INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL);
  CREATE TRIGGER IF NOT EXISTS scans_pushed AFTER INSERT ON scans BEGIN
    INSERT INTO pushed_hours VALUES (NEW.pushed_us / ${US_PER_HOUR}, NEW.seq)
      ON CONFLICT DO UPDATE SET first_seq = excluded.first_seq WHERE excluded.first_seq < first_seq;
  END;
`;
/** Meta key: whether the hours of all rows are known, or only of those since the table was created. */
const WHOLE_KEY = "pushed_hours";

type Hour = { readonly hour: number; readonly seq: number };

export class PushedHours {
  readonly #sql: ReturnType<typeof prepare>;
  #isWhole = false;
  /** Older rows up to here were examined by this object. */
  #learnedSeq = 0;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
    // An empty journal has nothing to learn.
    if (!this.#readWhole() && this.#sql.isEmpty.get() === 1) this.#sql.setWhole.run();
  }

  /** The lowest seq pushed at or after a time; null when there is none. */
  firstSeqSince(pushedUs: number): number | null {
    const from = this.#readWhole() ? this.#sql.firstOfHours.get(pushedUs) : 0;
    if (from === null || from === undefined) return null;
    return this.#sql.firstFrom.get(from, pushedUs) ?? null;
  }

  /** Indexes `rows` rows of a journal that is older than the table; true when all are known. */
  learn(rows: number): boolean {
    if (this.#readWhole()) return true;
    const toSeq = this.#learnedSeq + rows;
    for (const { hour, seq } of this.#sql.hours.all(this.#learnedSeq, toSeq)) {
      this.#sql.put.run(hour, seq);
    }
    const next = this.#sql.nextSeq.get(toSeq) ?? null;
    this.#learnedSeq = (next ?? 1) - 1;
    if (next === null) this.#sql.setWhole.run();
    return next === null;
  }

  #readWhole(): boolean {
    this.#isWhole ||= this.#sql.whole.get() !== undefined;
    return this.#isWhole;
  }
}

function prepare(db: Database.Database) {
  return {
    whole: db.prepare<[]>(`SELECT 1 FROM meta WHERE key = '${WHOLE_KEY}'`),
    setWhole: db.prepare<[]>(`INSERT OR REPLACE INTO meta VALUES ('${WHOLE_KEY}', 'whole')`),
    isEmpty: db.prepare<[], number>("SELECT NOT EXISTS (SELECT 1 FROM scans)").pluck(),
    firstOfHours: db
      .prepare<[number], number | null>(
        `SELECT min(first_seq) FROM pushed_hours WHERE CAST(? AS INTEGER) / ${US_PER_HOUR} <= hour`,
      )
      .pluck(),
    firstFrom: db
      .prepare<[number, number], number>(
        "SELECT seq FROM scans WHERE ? <= seq AND ? <= pushed_us ORDER BY seq LIMIT 1",
      )
      .pluck(),
    hours: db.prepare<[number, number], Hour>(
      `SELECT pushed_us / ${US_PER_HOUR} AS hour, min(seq) AS seq FROM scans
       WHERE ? < seq AND seq <= ? GROUP BY 1`,
    ),
    nextSeq: db
      .prepare<[number], number | null>("SELECT min(seq) FROM scans WHERE ? < seq")
      .pluck(),
    put: db.prepare<[number, number]>(
      `INSERT INTO pushed_hours VALUES (?, ?)
       ON CONFLICT DO UPDATE SET first_seq = excluded.first_seq WHERE excluded.first_seq < first_seq`,
    ),
  };
}
