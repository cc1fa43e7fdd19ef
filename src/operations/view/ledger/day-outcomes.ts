/**
 * How the scans of the newest day were decided, counted on from the last look: at many scans a second a day has
 * millions of them.
 */
import type Database from "better-sqlite3";

export type OutcomeCount = {
  readonly outcome: string;
  readonly refusal: string | null;
  readonly count: number;
};
export type DayOutcomes = {
  readonly day: string | null;
  /** The most frequent first. */
  readonly outcomes: readonly OutcomeCount[];
};

/** A scan that is found so far behind the newest one is counted when the day is over. */
const SEQS_BACK = 10_000;

type Row = { readonly outcome: string; readonly refusal: string | null; readonly count: number };

/** Up to where decisions were counted. */
type Seen = { readonly seq: number; readonly index: number };
const NOTHING: Seen = { seq: 0, index: -1 };

/** Of one projection. */
export function createDayOutcomes() {
  let day: string | null = null;
  let counts = new Map<string, OutcomeCount>();
  let seen: Seen = NOTHING;
  return {
    /** In a transaction of the caller's: what is counted and what is the newest are of one moment. */
    read(db: Database.Database): DayOutcomes {
      const now = db.prepare<[], string | null>("SELECT max(day) FROM decisions").pluck().get();
      if (now == null) return { day: null, outcomes: [] };
      const isAnew = now !== day;
      if (isAnew) [day, counts, seen] = [now, new Map(), NOTHING];
      for (const row of isAnew ? allOf(db, now) : laterThan(db, now, seen)) {
        const key = `${row.outcome} ${row.refusal ?? ""}`;
        counts.set(key, { ...row, count: row.count + (counts.get(key)?.count ?? 0) });
      }
      seen = newest(db);
      const outcomes = [...counts.values()].toSorted(
        (one, other) => other.count - one.count || (one.outcome < other.outcome ? -1 : 1),
      );
      return { day, outcomes };
    },
  };
}

function newest(db: Database.Database): Seen {
  const of = (sql: string) => db.prepare<[], number | null>(sql).pluck().get();
  return {
    seq: of("SELECT max(seq) FROM decisions") ?? 0,
    index: of("SELECT value FROM meta WHERE key = 'cursor'") ?? -1,
  };
}

function allOf(db: Database.Database, day: string): readonly Row[] {
  const all = db.prepare<[string], Row>(
    "SELECT outcome, refusal, count(*) AS count FROM decisions WHERE day = ? GROUP BY outcome, refusal",
  );
  return all.all(day);
}

function laterThan(db: Database.Database, day: string, { seq, index }: Seen): readonly Row[] {
  // By seq as the table is kept, and not by the index of days.
  const some = db.prepare<[number, number, string], Row>(
    `SELECT outcome, refusal, count(*) AS count FROM decisions
     WHERE ? < seq AND ? < log_index AND +day = ? GROUP BY outcome, refusal`,
  );
  return some.all(seq - SEQS_BACK, index, day);
}
