/**
 * The scan bridge's journal, in SQLite: which file became which seq, and what became of every
 * other file. Written before a scan is committed to Hazelcast.
 *
 * A live scan's row goes into a slot of its epoch first, and into the database while the cluster
 * works on it; who opens the journal next finds it there.
 *
 * Invariant: seqs are contiguous from the first to the last, and only the bridge of the highest
 * epoch writes. With `synchronous = OFF` a commit survives any death of the process; a power cut
 * can lose the tail, which Hazelcast or the archive then tells again.
 */
import { renameSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import { AheadSlot, readAheadSlot } from "./ahead-slot.ts";
import { HashFilter } from "./hash-filter.ts";
import {
  fileFrom,
  JournalError,
  type JournalFile,
  type JournalScan,
  prefixOf,
  prepareStatements,
  putFile,
  putScan,
  SCHEMA,
  scanFrom,
  type SeqGap,
  splitFile,
  type Statements,
} from "./journal-rows.ts";

export type { JournalFile, JournalScan } from "./journal-rows.ts";

const JOURNAL_VERSION = 1;
/** Rows after which the write-ahead log is moved into the database. */
const CHECKPOINT_ROWS = 1_000;
const BUSY_MS = 2_000;
/** A larger journal is checked by the audit only: a start must not wait for it. */
const QUICK_CHECK_BYTES_MAX = 64 * 1_048_576;

export type JournalCounts = {
  readonly pushed: number;
  readonly duplicates: number;
  readonly quarantined: number;
};

export class ScanJournal {
  readonly path: string;
  readonly #db: Database.Database;
  readonly #sql: Statements;
  readonly #append: Database.Transaction<
    (scans: readonly JournalScan[], files: readonly JournalFile[]) => void
  >;
  #ownEpoch = 0;
  #slot: AheadSlot | null = null;
  /** In the slot, not yet in the database. */
  #ahead: JournalScan | null = null;
  readonly #filter = new HashFilter();
  /** The filter holds the hashes up to this seq; null when it holds all. */
  #learnedSeq: number | null = 0;
  #rowsSinceCheckpoint = 0;

  /**
   * Opens or creates the journal; `readonly` is for audits beside a running bridge.
   * @throws {JournalError} JOURNAL_CORRUPT, JOURNAL_VERSION or JOURNAL_UNAVAILABLE.
   */
  constructor(path: string, options: { readonly readonly: boolean } = { readonly: false }) {
    this.path = path;
    this.#db = guarded(() => openDatabase(path, options.readonly));
    this.#sql = guarded(() => prepareStatements(this.#db));
    this.#append = this.#db.transaction((scans, files) => {
      this.#assertOwned();
      for (const scan of scans) {
        putScan(this.#sql, scan);
        putFile(this.#sql, {
          ...scan,
          verdict: { kind: "pushed", seq: scan.seq },
          atUs: scan.pushedUs,
        });
      }
      for (const file of files) putFile(this.#sql, file);
    });
    if (!options.readonly) this.#takeFromSlot();
  }

  epoch(): number {
    return Number(this.meta("epoch") ?? 0);
  }

  /** Takes the journal for `epoch`: who holds a lower one is refused from now on. */
  claimEpoch(epoch: number): void {
    const claim = this.#db.transaction(() => {
      const found = this.epoch();
      if (epoch <= found) {
        throw new JournalError("JOURNAL_FENCED", `journal belongs to epoch ${found}`);
      }
      this.#sql.metaPut.run("epoch", epoch);
    });
    const before = this.epoch();
    guarded(() => claim.immediate());
    this.#ownEpoch = epoch;
    this.#slot?.close();
    this.#slot = guarded(() => new AheadSlot(this.#slotPath(epoch)));
    rmSync(this.#slotPath(before), { force: true });
  }

  /** Writes scans, each also as the verdict on its file, and other verdicts in one transaction. */
  append(scans: readonly JournalScan[], files: readonly JournalFile[] = []): void {
    this.flush();
    guarded(() => this.#append.immediate(scans, files));
    for (const scan of scans) this.#filter.add(prefixOf(scan.hash));
    this.#countRows(scans.length + files.length);
  }

  /** As `append`, but a scan alone is only made safe: before `flush`, only its hash and seq find it. */
  appendAhead(scans: readonly JournalScan[], files: readonly JournalFile[]): void {
    this.flush();
    const [scan] = scans;
    const slot = this.#slot;
    const isAlone = scans.length === 1 && files.length === 0;
    if (!isAlone || scan === undefined || slot === null || !guarded(() => slot.write(scan))) {
      this.append(scans, files);
      return;
    }
    this.#filter.add(prefixOf(scan.hash));
    this.#ahead = scan;
  }

  /** Puts what was written ahead into the database; when that fails it stays ahead. False: there was nothing. */
  flush(): boolean {
    const scan = this.#ahead;
    if (scan === null) return false;
    guarded(() => this.#append.immediate([scan], []));
    this.#ahead = null;
    this.#countRows(1);
    return true;
  }

  /** Forgets the scans from `seq` on: they were never committed. */
  dropFrom(seq: number): void {
    const drop = this.#db.transaction(() => {
      this.#assertOwned();
      this.#sql.filesDropFrom.run(seq);
      this.#sql.scansDropFrom.run(seq);
    });
    guarded(() => drop.immediate());
  }

  meta(key: string): string | null {
    const value = guarded(() => this.#sql.metaGet.get(key));
    return value === undefined || value === null ? null : String(value);
  }

  setMeta(key: string, value: string | number): void {
    guarded(() => this.#sql.metaPut.run(key, value));
  }

  lastSeq(): number {
    return guarded(() => this.#sql.lastSeq.get()) ?? 0;
  }

  scan(seq: number): JournalScan | null {
    if (this.#ahead?.seq === seq) return this.#ahead;
    const row = guarded(() => this.#sql.scanGet.get(seq));
    return row === undefined ? null : scanFrom(row);
  }

  /** In ascending order of seq, both ends included. */
  scans(fromSeq: number, toSeq: number): readonly JournalScan[] {
    return guarded(() => this.#sql.scanRange.all(fromSeq, toSeq)).map(scanFrom);
  }

  /** The newest scan that is not late: order goes on from it. */
  newestInOrder(): JournalScan | null {
    const row = guarded(() => this.#sql.newestInOrder.get());
    return row === undefined ? null : scanFrom(row);
  }

  /** The lowest seq pushed at or after a time; null when there is none. */
  firstSeqSince(pushedUs: number): number | null {
    return guarded(() => this.#sql.firstSince.get(pushedUs)) ?? null;
  }

  /** Makes `seqOfHash` quick for new bytes, `rows` at a time; true when nothing is left to do. */
  learnHashes(rows: number): boolean {
    const from = this.#learnedSeq;
    if (from === null) return true;
    const found = guarded(() => this.#sql.hashesAfter.all(from, rows));
    for (const { hash48 } of found) this.#filter.add(hash48);
    this.#learnedSeq = found.length < rows ? null : (found.at(-1)?.seq ?? null);
    return this.#learnedSeq === null;
  }

  /** The seq that these bytes already have, under whatever name. */
  seqOfHash(hash: Buffer): number | null {
    if (this.#ahead?.hash.equals(hash)) return this.#ahead.seq;
    if (this.#learnedSeq === null && !this.#filter.mayHave(prefixOf(hash))) return null;
    const rows = guarded(() => this.#sql.byHash.all(prefixOf(hash)));
    return rows.find((row) => row.hash.equals(hash))?.seq ?? null;
  }

  file(file: string): JournalFile | null {
    const { day, name } = splitFile(file);
    const row = guarded(() => this.#sql.fileGet.get(day, name));
    return row === undefined ? null : fileFrom(row);
  }

  /** Names with a verdict in one day's folder. */
  names(day: string): IterableIterator<string> {
    return this.#sql.names.iterate(day);
  }

  /** The pushed files of one day's folder: the seq of each, and the time that ordered it. */
  pushedOfDay(day: string): ReadonlyMap<string, { readonly seq: number; readonly timeUs: number }> {
    const rows = guarded(() => this.#sql.pushedOfDay.all(day));
    return new Map(
      rows.map(({ name, seq, time_us }) => [`${day}/${name}`, { seq, timeUs: time_us }]),
    );
  }

  /** Names in one day's folder whose verdict may be out of date: quarantined, or among its last `us`. */
  namesUnsure(day: string, us: number): readonly string[] {
    return guarded(() => this.#sql.namesUnsure.all({ day, us }));
  }

  /** Other files with the bytes of a seq, as far as they have been seen. */
  duplicatesOf(seq: number): readonly JournalFile[] {
    return guarded(() => this.#sql.duplicates.all(seq)).map(fileFrom);
  }

  *files(): Generator<JournalFile> {
    for (const row of this.#sql.files.iterate()) yield fileFrom(row);
  }

  quarantined(): readonly JournalFile[] {
    return guarded(() => this.#sql.quarantined.all()).map(fileFrom);
  }

  counts(): JournalCounts {
    const rows = guarded(() => this.#sql.counts.all());
    const countOf = (verdict: string) => rows.find((row) => row.verdict === verdict)?.n ?? 0;
    return {
      pushed: countOf("pushed"),
      duplicates: countOf("duplicate"),
      quarantined: countOf("quarantined"),
    };
  }

  /** Where seqs are missing; empty when the journal is whole. */
  seqGaps(): readonly SeqGap[] {
    return guarded(() => this.#sql.gaps.all());
  }

  close(): void {
    this.#slot?.close();
    this.#db.close();
  }

  #slotPath(epoch: number): string {
    return `${this.path}.ahead-${epoch}`;
  }

  /** The last owner may have died before the row in its slot reached the database. */
  #takeFromSlot(): void {
    const epoch = this.epoch();
    const scan = guarded(() => readAheadSlot(this.#slotPath(epoch)));
    if (scan === null || scan.epoch !== epoch || scan.seq !== this.lastSeq() + 1) return;
    this.#ownEpoch = epoch;
    this.append([scan]);
    this.#ownEpoch = 0;
  }

  #countRows(rows: number): void {
    this.#rowsSinceCheckpoint += rows;
    if (this.#rowsSinceCheckpoint < CHECKPOINT_ROWS) return;
    this.#rowsSinceCheckpoint = 0;
    guarded(() => this.#db.pragma("wal_checkpoint(PASSIVE)"));
  }

  #assertOwned(): void {
    const epoch = this.epoch();
    if (epoch === this.#ownEpoch) return;
    throw new JournalError(
      "JOURNAL_FENCED",
      `journal belongs to epoch ${epoch}, this bridge has epoch ${this.#ownEpoch}`,
    );
  }
}

/** Puts a damaged journal aside, under a name that says when; returns the new name. */
export function setJournalAside(path: string, stamp: string): string {
  const aside = `${path}.corrupt-${stamp}`;
  renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) {
    try {
      renameSync(path + suffix, aside + suffix);
    } catch {
      // It may not exist; without the main file it means nothing.
    }
  }
  return aside;
}

function openDatabase(path: string, readonly: boolean): Database.Database {
  const db = new Database(path, { readonly, timeout: BUSY_MS });
  if (readonly) return db;
  try {
    prepareToWrite(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareToWrite(db: Database.Database, path: string): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  if (JOURNAL_VERSION < version) {
    throw new JournalError(
      "JOURNAL_VERSION",
      `journal ${path} has version ${version}, this program reads up to ${JOURNAL_VERSION}; ` +
        "run the newer program, or move the file away to rebuild it from Hazelcast",
    );
  }
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = OFF");
  db.pragma("wal_autocheckpoint = 0");
  db.exec(SCHEMA);
  db.pragma(`user_version = ${JOURNAL_VERSION}`);
  const pageBytes = Number(db.pragma("page_size", { simple: true }));
  if (Number(db.pragma("page_count", { simple: true })) * pageBytes < QUICK_CHECK_BYTES_MAX) {
    const verdict = String(db.pragma("quick_check(1)", { simple: true }));
    if (verdict !== "ok") {
      throw new JournalError("JOURNAL_CORRUPT", `journal ${path} is damaged: ${verdict}`);
    }
  }
}

function guarded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (isFileError(error)) {
      throw new JournalError("JOURNAL_UNAVAILABLE", `journal: ${error.message}`, { cause: error });
    }
    if (!(error instanceof Database.SqliteError)) throw error;
    const isCorrupt = /^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code);
    throw new JournalError(
      isCorrupt ? "JOURNAL_CORRUPT" : "JOURNAL_UNAVAILABLE",
      `journal: ${error.code}: ${error.message}`,
      { cause: error },
    );
  }
}

/** What the file system says of the slot: no room, no permission. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
