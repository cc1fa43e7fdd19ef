/**
 * The queryable view of a book: a SQLite database that is built by folding the log, off the trader's critical path,
 * and can be deleted at any time. Invariant: rows, cursor and the fold's state are written in one transaction, so
 * that each event counts exactly once whenever the process dies.
 */
import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { assert } from "../../domain/assert.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { bookFolder } from "../../adapters/event-log/segments/segment-files.ts";
import { SegmentLogError } from "../../adapters/event-log/segments/segment-log-error.ts";
import { oldestSnapshot } from "../../adapters/event-log/snapshots.ts";
import { EventLogReader } from "../../adapters/event-log/event-log.ts";
import type { SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import {
  type Derived,
  prepareProjection,
  PROJECTION_VERSION,
  type ProjectionStatements,
  putStep,
  SCHEMA,
} from "./projection-rows.ts";

/** A resume repeats at most this many events; a state is larger than the rows of most events. */
const EVENTS_PER_SAVED_STATE = 2_000;
const BUSY_MS = 2_000;

/** The core as the projection needs it: the trader's, with its configuration. */
export type BookFold = {
  /** The index of the next event. */
  readonly nextIndex: number;
  step(event: TraderEvent): Derived;
  /** In the format of the journal's snapshots; null for a state that can't be stored. */
  save(): Uint8Array | null;
};

/** With null from the log's beginning, else from the result of `save` or a snapshot of the journal. */
export type StartFold = (state: Uint8Array | null) => BookFold;

export type ProjectionOptions = {
  readonly path: string;
  readonly place: SegmentLogPlace;
  readonly startFold: StartFold;
};

type Run = { readonly fold: BookFold; readonly reader: EventLogReader; savedIndex: number };

export class TradingProjection {
  readonly #options: ProjectionOptions;
  #db: Database.Database;
  #sql: ProjectionStatements;
  #run: Run | null = null;

  /** Opens it, or starts a new one where it is missing, damaged or of an older version. @throws where it is of a newer one. */
  constructor(options: ProjectionOptions) {
    this.#options = options;
    this.#db = openOrBeginAnew(options.path);
    this.#sql = prepareProjection(this.#db);
  }

  /** The index of the last projected event; -1 before the first. */
  get cursor(): number {
    return Number(this.#sql.metaGet.get("cursor") ?? -1);
  }

  /**
   * Projects up to `eventsMax` events in one transaction; returns how many. Zero: it is up to date. @throws errors of
   * the log or the database; then nothing was changed, and the next call continues after the last good one.
   */
  catchUp(eventsMax: number): number {
    const take = this.#db.transaction(() => {
      this.#run ??= this.#resume();
      return this.#take(this.#run, eventsMax);
    });
    try {
      return take.immediate();
    } catch (error) {
      this.#forgetRun();
      throw error;
    }
  }

  /** Deletes everything; the next `catchUp` starts with the oldest available event. */
  rebuild(): void {
    this.close();
    removeDatabase(this.#options.path);
    this.#db = openOrBeginAnew(this.#options.path);
    this.#sql = prepareProjection(this.#db);
  }

  close(): void {
    this.#forgetRun();
    this.#db.close();
  }

  #take(run: Run, eventsMax: number): number {
    const { fold, reader } = run;
    const cursor = this.cursor;
    let taken = 0;
    let last = cursor;
    for (const event of reader.poll()) {
      assert(event.index === fold.nextIndex, "the fold is told every event in order");
      const derived = fold.step(event);
      // Folded again after a resume: its rows exist.
      if (event.index <= cursor) continue;
      putStep(this.#sql, event, derived);
      last = event.index;
      taken++;
      if (eventsMax <= taken) break;
    }
    if (taken === 0) return 0;
    this.#sql.metaPut.run("cursor", last);
    if (run.savedIndex + EVENTS_PER_SAVED_STATE <= last) {
      const state = fold.save();
      if (state !== null) {
        this.#sql.metaPut.run("state", Buffer.from(state));
        this.#sql.metaPut.run("state_index", last);
      }
      run.savedIndex = last;
    }
    return taken;
  }

  #resume(): Run {
    const { place, startFold } = this.#options;
    const saved = this.#sql.metaGet.get("state");
    const start = Buffer.isBuffer(saved) ? saved : this.#startOfLog();
    const fold = startFold(start);
    const reader = new EventLogReader(place, fold.nextIndex);
    return { fold, reader, savedIndex: fold.nextIndex - 1 };
  }

  /** Null where the log is available from its beginning, else the oldest snapshot, which retention keeps. */
  #startOfLog(): Uint8Array | null {
    const { place, startFold } = this.#options;
    const probe = new EventLogReader(place, startFold(null).nextIndex);
    try {
      probe.poll().next();
      return null;
    } catch (error) {
      const isGone = error instanceof SegmentLogError && error.code === "TRADING_JOURNAL_GONE";
      const snapshot = isGone ? oldestSnapshot(bookFolder(place.root, place.book)) : null;
      if (snapshot === null) throw error;
      return snapshot.bytes;
    } finally {
      probe.close();
    }
  }

  #forgetRun(): void {
    this.#run?.reader.close();
    this.#run = null;
  }
}

function openOrBeginAnew(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  const db = openIfSound(path);
  if (db !== null) return db;
  removeDatabase(path);
  const anew = openIfSound(path);
  assert(anew !== null, "a projection that was begun anew is sound");
  return anew;
}

/**
 * Null when the file is damaged or of an older version: nothing of it is kept. @throws {Error} where a newer release
 * wrote it: it may have rows of days that the log no longer has.
 */
function openIfSound(path: string): Database.Database | null {
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    const version = Number(db.pragma("user_version", { simple: true }));
    const isNew = version === 0;
    if (PROJECTION_VERSION < version) throw new Error(newerText(path, version));
    if (!isNew && version !== PROJECTION_VERSION) return closed(db);
    db.pragma("journal_mode = WAL");
    // A power failure may lose rows or damage the file: then it is rebuilt from the log.
    db.pragma("synchronous = OFF");
    if (!isNew && db.pragma("quick_check(1)", { simple: true }) !== "ok") return closed(db);
    db.exec(SCHEMA);
    db.pragma(`user_version = ${PROJECTION_VERSION}`);
    return db;
  } catch (error) {
    db.close();
    const isDamaged =
      error instanceof Database.SqliteError && /^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code);
    if (isDamaged) return null;
    throw error;
  }
}

function newerText(path: string, version: number): string {
  return (
    `a newer release of DOLPHIN wrote ${path} (version ${version}; this one reads ${PROJECTION_VERSION}): run that one again; or ` +
    "move the file away, and it is built anew from the log, without the days that retention has deleted"
  );
}

function closed(db: Database.Database): null {
  db.close();
  return null;
}

export function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}
