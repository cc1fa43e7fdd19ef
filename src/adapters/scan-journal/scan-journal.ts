/**
 * The scan bridge's journal, in SQLite: the seq of each pushed file, and the verdict on every other file. It is
 * written before a scan is committed to Hazelcast. A live scan's row first goes into the slot of its epoch, and into
 * the database while the cluster works on it; the next epoch's owner finds it in the slot. Invariant: seqs are
 * contiguous from `proved_seq` to the last, and only the bridge with the highest epoch writes. A commit survives any
 * death of the process; a power failure can take rows written after the last `ScanJournalUpkeep.secure`, which are
 * then restored from Hazelcast or the archive.
 */
import { rmSync, statSync } from "node:fs";
import type Database from "better-sqlite3";
import { assert } from "../../domain/assert.ts";
import { PROVED_DAY_KEY, PROVED_SEQ_KEY } from "../../domain/scan/audit.ts";
import { AheadSlot, readAheadSlot } from "./ahead-slot.ts";
import { HashFilter } from "./hash-filter.ts";
import { BUSY_MS, guarded, inodeOf, openDatabase } from "./journal-database.ts";
import {
  fileFrom,
  JournalError,
  type JournalFile,
  type JournalScan,
  META_RAISE,
  prefixOf,
  prepareStatements,
  putFile,
  putScan,
  scanFrom,
  type SeqGap,
  splitFile,
  type Statements,
} from "./journal-rows.ts";
import { PrunedScans } from "./journal-retention.ts";
import { PushedHours } from "./pushed-hours.ts";
import { wayText } from "./way/way-text.ts";

export { setJournalAside } from "./journal-database.ts";
export type { JournalFile, JournalScan } from "./journal-rows.ts";

/** Rows after which the size of the write-ahead log is checked. */
const SIZE_CHECK_ROWS = 1_000;
const BUSY_AGAIN_MS = 100;
/** Beyond it `ScanJournalUpkeep`, which checkpoints far earlier, seems not to run. */
const LOG_BYTES_MAX = 64 * 1_048_576;

export type JournalCounts = {
  readonly pushed: number;
  readonly duplicates: number;
  readonly quarantined: number;
};

export class ScanJournal {
  readonly path: string;
  readonly #db: Database.Database;
  readonly #inode: string | null;
  readonly #sql: Statements;
  readonly #append: Database.Transaction<
    (scans: readonly JournalScan[], files: readonly JournalFile[]) => void
  >;
  /** Null for a reader, because the journal may be of an older release. */
  readonly #hours: PushedHours | null;
  readonly #pruned: PrunedScans | null;
  #ownEpoch = 0;
  #slot: AheadSlot | null = null;
  /** In the slot, not yet in the database. */
  #ahead: JournalScan | null = null;
  readonly #filter = new HashFilter();
  /**
   * The filter holds the hashes up to this seq, or those of all scans and the deleted ones up to this hash; null:
   * all.
   */
  #learned: number | Buffer | null = 0;
  #rowsSinceCheck = 0;
  #busyMs = BUSY_MS;

  /**
   * Opens or creates the journal. `readonly` is for everybody but the bridge, the only writer. @throws {JournalError}
   * JOURNAL_CORRUPT, JOURNAL_VERSION or JOURNAL_UNAVAILABLE.
   */
  constructor(path: string, options: { readonly readonly: boolean } = { readonly: false }) {
    this.path = path;
    this.#db = guarded(() => openDatabase(path, options.readonly));
    this.#inode = inodeOf(path);
    this.#sql = guarded(() => prepareStatements(this.#db));
    this.#hours = options.readonly ? null : guarded(() => new PushedHours(this.#db));
    this.#pruned = options.readonly ? null : guarded(() => new PrunedScans(this.#db));
    this.#append = this.#db.transaction((scans, files) => {
      this.#assertOwned();
      for (const scan of scans) this.#put(scan);
      for (const file of files) putFile(this.#sql, file);
    });
  }

  /** False once its file was removed or replaced: further writes would be lost. */
  isInPlace(): boolean {
    return this.#inode === inodeOf(this.path);
  }

  epoch(): number {
    return Number(this.meta("epoch") ?? 0);
  }

  /** Claims the journal for `epoch`: a bridge with a lower epoch is refused from now on. */
  claimEpoch(epoch: number): void {
    const claim = this.#db.transaction(() => {
      const found = this.epoch();
      if (epoch <= found) {
        throw new JournalError("JOURNAL_FENCED", `journal belongs to epoch ${found}`);
      }
      // The last owner may have died before the row in its slot reached the database.
      const left = this.#inSlotOf(found);
      if (left !== null) this.#put(left);
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
    this.#write(() => this.#append.immediate(scans, files));
    for (const scan of scans) this.#filter.add(prefixOf(scan.hash));
    this.#countRows(scans.length + files.length);
  }

  /** As `append`, but a single scan only goes into the slot: before `flush`, it is not found by its name. */
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

  /** Moves the row in the slot into the database; on failure it stays there. False: there was none. */
  flush(): boolean {
    const scan = this.#ahead;
    if (scan === null) return false;
    this.#write(() => this.#append.immediate([scan], []));
    this.#ahead = null;
    this.#countRows(1);
    return true;
  }

  /** Deletes the scans from `seq` on, which were never committed. */
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
    this.#write(() => this.#sql.metaPut.run(key, value));
  }

  lastSeq(): number {
    return this.#ahead?.seq ?? guarded(() => this.#sql.lastSeq.get()) ?? 0;
  }

  scan(seq: number): JournalScan | null {
    if (this.#ahead?.seq === seq) return this.#ahead;
    const row = guarded(() => this.#sql.scanGet.get(seq));
    return row === undefined ? null : scanFrom(row);
  }

  /** The lowest existing seq from this one on; null when there is none. */
  firstSeqFrom(seq: number): number | null {
    const ahead = this.#ahead !== null && seq <= this.#ahead.seq ? this.#ahead.seq : null;
    return guarded(() => this.#sql.seqFrom.get(seq)) ?? ahead;
  }

  /** In ascending order of seq, both ends included. */
  scans(fromSeq: number, toSeq: number): readonly JournalScan[] {
    const rows = guarded(() => this.#sql.scanRange.all(fromSeq, toSeq)).map(scanFrom);
    const ahead = this.#ahead;
    // A refill includes the commit in progress, whose row is not in the database yet.
    return ahead !== null && fromSeq <= ahead.seq && ahead.seq <= toSeq ? [...rows, ahead] : rows;
  }

  /** For a reader: the owner's row that is not in the database yet. */
  aheadOfOwner(): JournalScan | null {
    return this.#inSlotOf(this.epoch());
  }

  /** The newest scan that is not late: the order continues from it. */
  newestInOrder(): JournalScan | null {
    const row = guarded(() => this.#sql.newestInOrder.get());
    return row === undefined ? null : scanFrom(row);
  }

  /** The lowest seq pushed at or after a time; null when there is none. For the owner. */
  firstSeqSince(pushedUs: number): number | null {
    const ahead = this.#ahead !== null && pushedUs <= this.#ahead.pushedUs ? this.#ahead.seq : null;
    const hours = this.#hours;
    assert(hours !== null, "only the owner asks since when");
    return guarded(() => hours.firstSeqSince(pushedUs)) ?? ahead;
  }

  /** Loads `rows` hashes at a time, to make `seqOfHash` fast for new bytes; true when all are loaded. */
  learnHashes(rows: number): boolean {
    // In this order, because a scan may be deleted meanwhile.
    if (typeof this.#learned === "number") this.#learned = this.#learnScans(this.#learned, rows);
    if (typeof this.#learned === "object" && this.#learned !== null) {
      this.#learned = this.#learnPruned(this.#learned, rows);
    }
    return this.#learned === null;
  }

  /** The seq that these bytes already have, under any name. */
  seqOfHash(hash: Buffer): number | null {
    if (this.#ahead?.hash.equals(hash)) return this.#ahead.seq;
    if (this.#learned === null && !this.#filter.mayHave(prefixOf(hash))) return null;
    return guarded(() => {
      const rows = this.#sql.byHash.all(prefixOf(hash));
      const row = rows.find((one) => one.hash.equals(hash));
      return row?.seq ?? this.#pruned?.seqOfHash(hash) ?? null;
    });
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

  /** Names in one day's folder whose verdict may be outdated: quarantined, or among the last `us` microseconds. */
  namesUnsure(day: string, us: number): readonly string[] {
    return guarded(() => this.#sql.namesUnsure.all({ day, us }));
  }

  /** Other files with the bytes of a seq, as far as they were seen. */
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

  /** Missing seqs, as far as they can be known; empty when the journal is complete. */
  seqGaps(): readonly SeqGap[] {
    return guarded(() => this.#sql.gaps.all(this.#provedSeq()));
  }

  /** The first seq after the last gap; null in an empty journal. */
  unbrokenFrom(): number | null {
    return guarded(() => this.#sql.unbrokenFrom.get()) ?? null;
  }

  /** The journal is complete from this day and this seq on. Neither ever goes back. */
  setProved(day: string, seq: number): void {
    const write = this.#db.transaction(() => {
      this.#assertOwned();
      const raise = this.#db.prepare<[string, string | number]>(META_RAISE);
      raise.run(PROVED_DAY_KEY, day);
      raise.run(PROVED_SEQ_KEY, seq);
    });
    guarded(() => write.immediate());
  }

  close(): void {
    this.#slot?.close();
    this.#db.close();
  }

  /** Waits less if the lock was held throughout the previous try: the thread has other work. */
  #write(act: () => void): void {
    try {
      guarded(act);
      this.#waitForLocks(BUSY_MS);
    } catch (error) {
      this.#waitForLocks(BUSY_AGAIN_MS);
      throw error;
    }
  }

  #waitForLocks(ms: number): void {
    if (ms === this.#busyMs) return;
    this.#busyMs = ms;
    this.#db.pragma(`busy_timeout = ${ms}`);
  }

  #provedSeq(): number {
    return Number(this.meta(PROVED_SEQ_KEY) ?? 0);
  }

  #learnScans(from: number, rows: number): number | Buffer {
    const found = guarded(() => this.#sql.hashesAfter.all(from, rows));
    for (const { hash48 } of found) this.#filter.add(hash48);
    return (found.length < rows ? undefined : found.at(-1)?.seq) ?? Buffer.alloc(0);
  }

  #learnPruned(from: Buffer, rows: number): Buffer | null {
    const found = guarded(() => this.#pruned?.hashesAfter(from, rows)) ?? [];
    for (const hash of found) this.#filter.add(prefixOf(hash));
    return found.length < rows ? null : (found.at(-1) ?? null);
  }

  #slotPath(epoch: number): string {
    return `${this.path}.ahead-${epoch}`;
  }

  #inSlotOf(epoch: number): JournalScan | null {
    const scan = guarded(() => readAheadSlot(this.#slotPath(epoch)));
    return scan?.epoch === epoch && scan.seq === this.lastSeq() + 1 ? scan : null;
  }

  #put(scan: JournalScan): void {
    putScan(this.#sql, scan);
    const { seq, pushedUs } = scan;
    const way = wayText(scan);
    const verdict = { kind: "pushed", seq, ...(way === null ? {} : { way }) } as const;
    putFile(this.#sql, { ...scan, verdict, atUs: pushedUs });
  }

  #countRows(rows: number): void {
    this.#rowsSinceCheck += rows;
    if (this.#rowsSinceCheck < SIZE_CHECK_ROWS) return;
    this.#rowsSinceCheck = 0;
    guarded(() => {
      if (statSync(`${this.path}-wal`).size <= LOG_BYTES_MAX) return;
      this.#db.pragma("wal_checkpoint(PASSIVE)");
    });
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
