/**
 * What keeps the bridge's journal sound, beside the thread that writes it: what was written is made
 * to survive a power cut, and the write-ahead log is moved into the database before it grows long.
 *
 * Invariant: the log reaches the disk before the database is written from it, and the database
 * before the log begins anew, so that a power cut costs the end of the log and nothing else.
 */
import { closeSync, fdatasyncSync, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { assert } from "../../domain/assert.ts";
import { syncFolder } from "../event-log/segments/segment-files.ts";
import { guarded, LOG_BYTES_KEPT } from "./journal-database.ts";
import { JournalRetention, type RetentionSettings } from "./journal-retention.ts";
import { PushedHours } from "./pushed-hours.ts";

/** Frames of the log that the writer may wait for: about as long as for a row of its own. */
const FRAMES_WAITED_FOR = 64;
const ROUNDS_MAX = 5;
const ROWS_PER_STEP = 2_000;

type Checkpoint = { readonly busy: number; readonly log: number; readonly checkpointed: number };

export class ScanJournalUpkeep {
  readonly #db: Database.Database;
  readonly #log: number;
  readonly #hours: PushedHours;
  readonly #retention: JournalRetention;
  readonly #begin: Database.Statement<[]>;
  /** Of the log at the last two looks. */
  #marks: readonly [string, string] = ["", ""];

  /** Beside the bridge that owns the journal, in its process. @throws {JournalError} */
  constructor(path: string, retention: RetentionSettings) {
    this.#db = guarded(() => openBeside(path));
    this.#begin = this.#db.prepare(
      "INSERT INTO meta VALUES ('log', 1) ON CONFLICT DO UPDATE SET value = value + 1",
    );
    this.#hours = guarded(() => new PushedHours(this.#db));
    this.#retention = guarded(() => new JournalRetention(this.#db, retention));
    this.#log = guarded(() => openSync(`${path}-wal`, "r"));
  }

  /**
   * What was written before the call survives a power cut after it. A log that has grown is moved into
   * the database, and cut, as far as nobody reads it. @throws {JournalError}
   */
  secure(): void {
    guarded(() => {
      const { size, mtimeMs } = fstatSync(this.#log);
      const mark = `${size} ${mtimeMs}`;
      // Once more after it stood still: a time stamp is a few milliseconds wide.
      if (this.#marks.some((before) => before !== mark)) fdatasyncSync(this.#log);
      this.#marks = [this.#marks[1], mark];
      if (LOG_BYTES_KEPT < size) this.#moveLog();
    });
  }

  /** A few milliseconds of what need not be done at once; true when nothing is left of it. @throws {JournalError} */
  work(): boolean {
    const step = () => this.#hours.learn(ROWS_PER_STEP) && this.#retention.step();
    return guarded(() => unlessBusy(step) ?? false);
  }

  close(): void {
    closeSync(this.#log);
    this.#db.close();
  }

  #moveLog(): void {
    let before = -1;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      // Holds up nobody, and takes nearly all of the time.
      const { log, checkpointed } = this.#checkpoint("PASSIVE");
      if (log - checkpointed <= FRAMES_WAITED_FOR) {
        this.#beginAnew();
        return;
      }
      // Somebody reads.
      if (checkpointed === before) return;
      before = checkpointed;
    }
  }

  /** The first row of a new log waits for the disk: better here than in the thread that pushes scans. */
  #beginAnew(): void {
    if (this.#checkpoint("RESTART").busy === 0) unlessBusy(() => this.#begin.run());
  }

  #checkpoint(how: "PASSIVE" | "RESTART"): Checkpoint {
    const row = this.#db.prepare<[], Checkpoint>(`PRAGMA wal_checkpoint(${how})`).get();
    assert(row !== undefined, "a checkpoint tells how far it came");
    return row;
  }
}

function openBeside(path: string): Database.Database {
  const db = new Database(path, { fileMustExist: true, timeout: 0 });
  db.pragma("synchronous = NORMAL");
  db.pragma(`journal_size_limit = ${LOG_BYTES_KEPT}`);
  db.pragma("wal_autocheckpoint = 0");
  // To read makes the log.
  db.prepare("SELECT count(*) FROM meta").get();
  // A file is only there after a power cut when its folder says so.
  syncFolder(dirname(path));
  return db;
}

/** Null when somebody else writes: scans come first. */
function unlessBusy<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
}
