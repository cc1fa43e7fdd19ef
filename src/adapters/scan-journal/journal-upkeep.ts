/**
 * Maintains the bridge's journal beside the thread that writes it: makes written rows survive a power failure, and
 * checkpoints the write-ahead log before it grows long. Invariant: the log is synced before the database is written
 * from it, and the database before the log restarts, so that a power failure only costs the end of the log.
 */
import { closeSync, fdatasyncSync, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { assert } from "../../domain/assert.ts";
import { guarded, LOG_BYTES_KEPT } from "./journal-database.ts";
import { JournalRetention, type RetentionSettings } from "./journal-retention.ts";
import { PushedHours } from "./pushed-hours.ts";
import { syncPath } from "../files/sync-path.ts";

/** Frames of the log for which the writer may wait: about as long as for a row of its own. */
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
  /** State of the log at the last two looks. */
  #marks: readonly [string, string] = ["", ""];

  /** Runs in the process of the bridge that owns the journal. @throws {JournalError} */
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
   * Rows written before the call survive a power failure after it. A log that has grown is checkpointed and
   * restarted, as far as no reader needs it. @throws {JournalError}
   */
  secure(): void {
    guarded(() => {
      const { size, mtimeMs } = fstatSync(this.#log);
      const mark = `${size} ${mtimeMs}`;
      // Once more after it stopped changing, because a time stamp has a granularity of some milliseconds.
      if (this.#marks.some((before) => before !== mark)) fdatasyncSync(this.#log);
      this.#marks = [this.#marks[1], mark];
      if (LOG_BYTES_KEPT < size) this.#moveLog();
    });
  }

  /** A few milliseconds of deferrable work; true when nothing is left. @throws {JournalError} */
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
      // Blocks nobody, and does nearly all of the work.
      const { log, checkpointed } = this.#checkpoint("PASSIVE");
      if (log - checkpointed <= FRAMES_WAITED_FOR) {
        this.#beginAnew();
        return;
      }
      // A reader holds it back.
      if (checkpointed === before) return;
      before = checkpointed;
    }
  }

  /** The first row of a restarted log waits for the disk: better here than in the thread that pushes scans. */
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
  // Reading creates the log file.
  db.prepare("SELECT count(*) FROM meta").get();
  // A file only survives a power failure when its folder was synced.
  syncPath(dirname(path));
  return db;
}

/** Null when another writer is active: scans take precedence. */
function unlessBusy<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
}
