/**
 * Deletes old rows of the bridge's journal in small steps: days of verdicts, oldest first, and scans in the order of
 * seq. The prefix of each scan's hash is kept forever, so that a copy under any name is still a duplicate. Invariant:
 * before the first row is deleted, the start of the journal's complete part is raised (`proved_day`, `proved_seq`).
 * The newest scans stay, so that seqs continue, and the newest days stay, so that today is kept even if scans with a
 * wrong future time arrived.
 */
import type Database from "better-sqlite3";
import { previousDay } from "../../domain/scan/archive-names.ts";
import { PROVED_DAY_KEY, PROVED_SEQ_KEY } from "../../domain/scan/audit.ts";
import { RING_CAPACITY } from "../../domain/scan/ring.ts";
import { META_RAISE } from "./journal-rows.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";

/** Of 32 bytes: equal prefixes mean equal scans, or an attack that gains nothing. */
const HASH_BYTES = 12;
const ROWS_PER_STEP = 50;
/** Days with files that stay whatever their time: a clock that is ahead creates one day far ahead, or a few. */
const DAYS_KEPT_MIN = 7;
/** Meta keys: the limits below which rows may be deleted. */
const DAY_KEY = "pruned_day";
const SEQ_KEY = "pruned_seq";

export const PRUNED_SCHEMA = `
  CREATE TABLE IF NOT EXISTS pruned (hash BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
`;

/** The hashes of deleted scans. */
export class PrunedScans {
  readonly #find: Database.Statement<[Buffer], number>;
  readonly #after: Database.Statement<[Buffer, number], Buffer>;

  constructor(db: Database.Database) {
    this.#find = db.prepare<[Buffer], number>("SELECT seq FROM pruned WHERE hash = ?").pluck();
    this.#after = db
      .prepare<[Buffer, number], Buffer>(
        "SELECT hash FROM pruned WHERE ? < hash ORDER BY hash LIMIT ?",
      )
      .pluck();
  }

  seqOfHash(hash: Buffer): number | null {
    return this.#find.get(hash.subarray(0, HASH_BYTES)) ?? null;
  }

  /** The stored hashes in order; an empty one is before all. */
  hashesAfter(hash: Buffer, count: number): readonly Buffer[] {
    return this.#after.all(hash, count);
  }
}

export type RetentionSettings = {
  /** Epoch of the bridge that owns the journal. */
  readonly epoch: number;
  /** Null keeps all. */
  readonly keepDays: number | null;
  /** Called before the rows are deleted. */
  readonly onForget: (before: { readonly day: string; readonly seq: number }) => void;
};

export class JournalRetention {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #settings: RetentionSettings;
  /** Runs the action, unless another bridge owns the journal; then returns false. */
  readonly #owned: (act: () => boolean) => boolean;

  constructor(db: Database.Database, settings: RetentionSettings) {
    this.#settings = settings;
    this.#sql = prepare(db);
    const owned = db.transaction(
      (act: () => boolean) => Number(this.#sql.meta.get("epoch") ?? 0) === settings.epoch && act(),
    );
    this.#owned = (act) => owned.immediate(act);
  }

  /** Works for a few milliseconds; true when nothing is left, or another bridge owns the journal. */
  step(): boolean {
    if (this.#settings.keepDays === null) return true;
    const removed = this.#owned(() => this.#removeFiles() || this.#removeScans());
    return !removed && !this.#forgetDay(this.#settings.keepDays);
  }

  #removeFiles(): boolean {
    const day = this.#sql.meta.get(DAY_KEY) ?? "";
    return 0 < this.#sql.filesRemove.run(day, ROWS_PER_STEP).changes;
  }

  #removeScans(): boolean {
    const seq = Number(this.#sql.meta.get(SEQ_KEY) ?? 0);
    const last = this.#sql.lastOfSome.get(seq, ROWS_PER_STEP) ?? null;
    if (last === null) return false;
    this.#sql.scansKeepHash.run(last);
    this.#sql.scansRemove.run(last);
    return true;
  }

  /** Forgets the oldest day when it is past the retention; true when it did. */
  #forgetDay(keepDays: number): boolean {
    const { newest, oldestDay, dayAfter, foundLast, firstKept, lastSeq } = this.#sql;
    const scan = newest.get();
    const oldest = oldestDay.get() ?? null;
    if (scan === undefined || oldest === null) return false;
    // By the scans' own time: a clock that is wrong for a while must not delete a year.
    const cutoffUs = scan.time_us - keepDays * MS_PER_DAY * US_PER_MS;
    const newestDays = this.#sql.dayFromEnd.get(DAYS_KEPT_MIN - 1) ?? oldest;
    const bounds = [dayFromMicros(cutoffUs), previousDay(scan.file.slice(0, 10)), newestDays];
    const bound = bounds.toSorted()[0] ?? "";
    if (bound <= oldest || cutoffUs <= (foundLast.get(oldest) ?? cutoffUs)) return false;
    const next = dayAfter.get(oldest) ?? bound;
    const day = next < bound ? next : bound;
    const newestKept = (lastSeq.get() ?? 0) - RING_CAPACITY + 1;
    const seq = Math.min(newestKept, firstKept.get(day, cutoffUs) ?? newestKept);
    const done = this.#owned(() => {
      this.#sql.raise.run(PROVED_DAY_KEY, day);
      this.#sql.raise.run(DAY_KEY, day);
      this.#sql.firstDay.run({ day });
      for (const key of 0 < seq ? [PROVED_SEQ_KEY, SEQ_KEY] : []) this.#sql.raise.run(key, seq);
      return true;
    });
    if (done) this.#settings.onForget({ day, seq: Math.max(1, seq) });
    return done;
  }
}

function prepare(db: Database.Database) {
  return {
    meta: db
      .prepare<[string], string | number | null>("SELECT value FROM meta WHERE key = ?")
      .pluck(),
    raise: db.prepare<[string, string | number]>(META_RAISE),
    firstDay: db.prepare<{ readonly day: string }>(
      "UPDATE meta SET value = @day WHERE key = 'first_day' AND value < @day",
    ),
    newest: db.prepare<[], { readonly file: string; readonly time_us: number }>(
      "SELECT file, time_us FROM scans WHERE flags & 1 = 0 ORDER BY seq DESC LIMIT 1",
    ),
    lastSeq: db.prepare<[], number | null>("SELECT max(seq) FROM scans").pluck(),
    oldestDay: db.prepare<[], string | null>("SELECT min(day) FROM files").pluck(),
    dayAfter: db
      .prepare<[string], string | null>("SELECT min(day) FROM files WHERE ? < day")
      .pluck(),
    dayFromEnd: db
      .prepare<[number], string>(
        `WITH RECURSIVE days(day) AS (SELECT max(day) FROM files UNION ALL
           SELECT (SELECT max(day) FROM files WHERE day < days.day) FROM days WHERE day IS NOT NULL)
         SELECT day FROM days WHERE day IS NOT NULL LIMIT 1 OFFSET ?`,
      )
      .pluck(),
    foundLast: db
      .prepare<[string], number | null>("SELECT max(at_us) FROM files WHERE day = ?")
      .pluck(),
    firstKept: db
      .prepare<[string, number], number>(
        `SELECT seq FROM scans WHERE ? <= substr(file, 1, 10) OR ? <= pushed_us
         ORDER BY seq LIMIT 1`,
      )
      .pluck(),
    filesRemove: db.prepare<[string | number, number]>(
      `DELETE FROM files WHERE (day, name) IN
         (SELECT day, name FROM files WHERE day < ? ORDER BY day, name LIMIT ?)`,
    ),
    lastOfSome: db
      .prepare<[number, number], number | null>(
        "SELECT max(seq) FROM (SELECT seq FROM scans WHERE seq < ? ORDER BY seq LIMIT ?)",
      )
      .pluck(),
    scansKeepHash: db.prepare<[number]>(
      `INSERT OR IGNORE INTO pruned
       SELECT substr(hash, 1, ${HASH_BYTES}), seq FROM scans WHERE seq <= ?`,
    ),
    scansRemove: db.prepare<[number]>("DELETE FROM scans WHERE seq <= ?"),
  };
}
