/**
 * Aggregates the bridge's journal by parts of time, beside the bridge that writes it, for charts of a day or a month
 * over millions of rows. Seqs rise with the time of the push, so a part is a run of rows, and no row is sorted.
 */
import type Database from "better-sqlite3";
import { guarded, inodeOf, openDatabase } from "../journal-database.ts";
import { fileFrom, type JournalFile, LATE, REPLAYED } from "../journal-rows.ts";

/** Scans pushed within [from, to). */
export type ScanPart = {
  readonly count: number;
  readonly late: number;
  readonly replayed: number;
  /** From the file's last change to the push, over scans that are neither late nor replayed; null: none. */
  readonly lagLowUs: number | null;
  readonly lagHighUs: number | null;
  readonly lagMeanUs: number | null;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
};

export type MarkedScan = {
  readonly seq: number;
  readonly file: string;
  readonly scanNumber: number;
  readonly mtimeUs: number;
  readonly pushedUs: number;
};

export type VerdictCount = {
  readonly verdict: string;
  readonly reason: string | null;
  readonly count: number;
};

export type ScanParts = {
  /** The first seq pushed at this time or later; one past the last where there is none. */
  seqAt(pushedUs: number): number;
  /** The seqs within [from, end). */
  part(fromSeq: number, endSeq: number): ScanPart;
  /** The newest late scans of a run of rows, newest first. */
  late(range: SeqRange, count: number): readonly MarkedScan[];
  /** Where seqs are missing in a run of rows: the seqs on both sides of each gap. */
  gaps(
    range: SeqRange,
    count: number,
  ): readonly { readonly after: number; readonly before: number }[];
  /** The verdicts on a day's files that were not pushed. */
  verdicts(day: string): readonly VerdictCount[];
  /** The quarantined files, newest first. */
  quarantined(day: string, count: number): readonly JournalFile[];
  newest(): MarkedScan | null;
  close(): void;
};

type SeqRange = { readonly fromSeq: number; readonly endSeq: number };

const MARKED = `seq, file, scan_number AS scanNumber, mtime_us AS mtimeUs, pushed_us AS pushedUs`;
const LAG = "CASE WHEN flags = 0 THEN pushed_us - mtime_us END";

/** Null where no bridge has run on this journal. @throws {JournalError} */
export function openScanParts(path: string): ScanParts | null {
  if (inodeOf(path) === null) return null;
  const db = guarded(() => openDatabase(path, true));
  return guarded(() => partsIn(db));
}

function partsIn(db: Database.Database): ScanParts {
  const ends = db.prepare<[], { readonly first: number | null; readonly last: number | null }>(
    "SELECT (SELECT min(seq) FROM scans) AS first, (SELECT max(seq) FROM scans) AS last",
  );
  const next = db.prepare<[number], { readonly seq: number; readonly pushedUs: number }>(
    "SELECT seq, pushed_us AS pushedUs FROM scans WHERE ? <= seq ORDER BY seq LIMIT 1",
  );
  const part = db.prepare<[number, number], Omit<ScanPart, "late"> & { readonly late: number }>(
    `SELECT count(*) AS count, coalesce(sum(flags & ${LATE} <> 0), 0) AS late,
       coalesce(sum(flags & ${REPLAYED} <> 0), 0) AS replayed, min(${LAG}) AS lagLowUs,
       max(${LAG}) AS lagHighUs, avg(${LAG}) AS lagMeanUs, min(seq) AS firstSeq, max(seq) AS lastSeq
     FROM scans WHERE ? <= seq AND seq < ?`,
  );
  const late = db.prepare<[number, number, number], MarkedScan>(
    `SELECT ${MARKED} FROM scans WHERE ? <= seq AND seq < ? AND flags & ${LATE} <> 0
     ORDER BY seq DESC LIMIT ?`,
  );
  const gaps = db.prepare<
    [number, number, number],
    { readonly after: number; readonly before: number }
  >(
    `SELECT seq AS after, next AS before FROM (SELECT seq, lead(seq) OVER (ORDER BY seq) AS next
       FROM scans WHERE ? <= seq AND seq < ?) WHERE next <> seq + 1 LIMIT ?`,
  );
  const verdicts = db.prepare<[string], VerdictCount>(
    `SELECT verdict, reason, count(*) AS count FROM files
     WHERE day = ? AND verdict <> 'pushed' GROUP BY verdict, reason`,
  );
  const quarantined = db.prepare<[string, number], Parameters<typeof fileFrom>[0]>(
    `SELECT day, name, verdict, seq, reason, detail, size, mtime_us, at_us FROM files
     WHERE day = ? AND verdict = 'quarantined' ORDER BY at_us DESC LIMIT ?`,
  );
  const newest = db.prepare<[], MarkedScan>(
    `SELECT ${MARKED} FROM scans ORDER BY seq DESC LIMIT 1`,
  );
  const seqAt = (pushedUs: number): number => {
    const { first = null, last = null } = guarded(() => ends.get()) ?? {};
    if (first === null || last === null) return 1;
    let low = first;
    let high = last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = guarded(() => next.get(middle));
      if (row !== undefined && row.pushedUs < pushedUs) low = row.seq + 1;
      else high = middle;
    }
    return low;
  };
  return {
    seqAt,
    part: (fromSeq, endSeq) => guarded(() => part.get(fromSeq, endSeq)) ?? EMPTY,
    late: ({ fromSeq, endSeq }, count) => guarded(() => late.all(fromSeq, endSeq, count)),
    gaps: ({ fromSeq, endSeq }, count) => guarded(() => gaps.all(fromSeq, endSeq, count)),
    verdicts: (day) => guarded(() => verdicts.all(day)),
    quarantined: (day, count) => guarded(() => quarantined.all(day, count)).map(fileFrom),
    newest: () => guarded(() => newest.get()) ?? null,
    close: () => void db.close(),
  };
}

const EMPTY: ScanPart = {
  count: 0,
  late: 0,
  replayed: 0,
  lagLowUs: null,
  lagHighUs: null,
  lagMeanUs: null,
  firstSeq: null,
  lastSeq: null,
};
