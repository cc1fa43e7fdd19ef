/** The bridge's part of the way of scans, read from its journal while the bridge writes it. */
import Database from "better-sqlite3";
import { guarded, inodeOf, openDatabase } from "../journal-database.ts";
import { LATE, REPLAYED } from "../journal-rows.ts";
import { type Way, wayFrom } from "./way-text.ts";

export type ScanWay = {
  readonly seq: number;
  readonly file: string;
  readonly scanNumber: number;
  readonly mtimeUs: number;
  readonly pushedUs: number;
  readonly late: boolean;
  readonly replayed: boolean;
  /** Null: an older bridge pushed it, or its verdict was deleted from the journal. */
  readonly way: Way | null;
};

type FileFate =
  | { readonly kind: "pushed" | "duplicate"; readonly seq: number }
  | { readonly kind: "quarantined"; readonly reason: string };

export type ScanWays = {
  of(seq: number): ScanWay | null;
  /** `YYYY-MM-DD/name`; null: nothing is known of it yet. */
  fateOf(file: string): FileFate | null;
  /** The first seq pushed at this time or later; null: none. */
  firstSeqSince(pushedUs: number): number | null;
  lastSeq(): number | null;
  /** In the order of seq. */
  from(seq: number): Generator<ScanWay>;
  close(): void;
};

type Row = {
  readonly seq: number;
  readonly file: string;
  readonly scan_number: number;
  readonly mtime_us: number;
  readonly pushed_us: number;
  readonly flags: number;
  readonly detail: string | null;
};

/** Rows per read, so that no reader holds back the bridge's checkpoint for long. */
const ROWS = 1_000;
const SELECT = `
  SELECT scans.seq, scans.file, scans.scan_number, scans.mtime_us, scans.pushed_us, scans.flags,
    files.detail FROM scans LEFT JOIN files ON files.day = substr(scans.file, 1, 10)
    AND files.name = substr(scans.file, 12) AND files.verdict = 'pushed' AND files.seq = scans.seq`;

/** Null where no bridge has run on this journal. @throws {JournalError} */
export function openScanWays(path: string): ScanWays | null {
  if (inodeOf(path) === null) return null;
  const db = guarded(() => openDatabase(path, true));
  return guarded(() => waysIn(db));
}

function waysIn(db: Database.Database): ScanWays {
  const one = db.prepare<[number], Row>(`${SELECT} WHERE scans.seq = ?`);
  const some = db.prepare<[number, number], Row>(
    `${SELECT} WHERE ? <= scans.seq ORDER BY scans.seq LIMIT ?`,
  );
  const fate = db.prepare<
    [string, string],
    { readonly verdict: string; readonly seq: number | null; readonly reason: string | null }
  >("SELECT verdict, seq, reason FROM files WHERE day = ? AND name = ?");
  const ends = db.prepare<[], { readonly first: number | null; readonly last: number | null }>(
    "SELECT (SELECT min(seq) FROM scans) AS first, (SELECT max(seq) FROM scans) AS last",
  );
  const next = db.prepare<[number], { readonly seq: number; readonly pushed_us: number }>(
    "SELECT seq, pushed_us FROM scans WHERE ? <= seq ORDER BY seq LIMIT 1",
  );
  return {
    of(seq) {
      const row = guarded(() => one.get(seq));
      return row === undefined ? null : wayOf(row);
    },
    fateOf(file) {
      const row = guarded(() => fate.get(file.slice(0, 10), file.slice(11)));
      if (row === undefined) return null;
      if (row.verdict === "quarantined") {
        return { kind: "quarantined", reason: row.reason ?? "unknown" };
      }
      return { kind: row.verdict === "pushed" ? "pushed" : "duplicate", seq: row.seq ?? 0 };
    },
    firstSeqSince(pushedUs) {
      const { first = null, last = null } = guarded(() => ends.get()) ?? {};
      if (first === null || last === null) return null;
      // Seqs rise with the time of the push, except when the clock was set back.
      let low = first;
      let high = last + 1;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const row = guarded(() => next.get(middle));
        if (row !== undefined && row.pushed_us < pushedUs) low = row.seq + 1;
        else high = middle;
      }
      return low <= last ? low : null;
    },
    lastSeq: () => guarded(() => ends.get())?.last ?? null,
    *from(seq) {
      for (let at = seq; ;) {
        const rows = guarded(() => some.all(at, ROWS));
        for (const row of rows) yield wayOf(row);
        const last = rows.at(-1);
        if (last === undefined || rows.length < ROWS) return;
        at = last.seq + 1;
      }
    },
    close: () => void db.close(),
  };
}

function wayOf(row: Row): ScanWay {
  return {
    seq: row.seq,
    file: row.file,
    scanNumber: row.scan_number,
    mtimeUs: row.mtime_us,
    pushedUs: row.pushed_us,
    late: (row.flags & LATE) !== 0,
    replayed: (row.flags & REPLAYED) !== 0,
    way: wayFrom(row.detail, row.pushed_us),
  };
}
