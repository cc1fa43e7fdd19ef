/**
 * The history of health: each sample for a day, one a minute for 90 days, in a SQLite file in the data directory.
 * Invariants: bounded in rows whatever the clock says; a damaged file or a full disk costs only history: a damaged
 * file is set aside, and a new one started.
 */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import Database from "better-sqlite3";
import type { Diagnosis } from "../../domain/health/diagnosis.ts";
import { type HealthSample, SENSOR_NAMES } from "../../domain/health/sample.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { MS_PER_DAY, MS_PER_MINUTE, US_PER_MS } from "../../domain/time.ts";
import { monotonicMs } from "../clock.ts";

export type HealthRow = {
  readonly at_us: number;
  readonly status: string;
  readonly rm_meta: number | null;
  readonly m1_proc: number | null;
  readonly m2_heartbeat: number | null;
  readonly m3_data_freshness: number | null;
  readonly m4_control_plane: number | null;
  readonly m5_coherence: number | null;
  /** The ids of the roots, separated by spaces. */
  readonly causes: string;
};

type Table = "samples" | "minutes";
const KEPT: Readonly<Record<Table, { readonly rows: number; readonly us: number }>> = {
  samples: { rows: 17_280, us: MS_PER_DAY * US_PER_MS },
  minutes: { rows: 129_600, us: 90 * MS_PER_DAY * US_PER_MS },
};
const COLUMNS = ["at_us", "status", "rm_meta", ...SENSOR_NAMES, "causes"] as const;
/** A larger jump means a wrong clock, because no machine is off for so long. */
const CLOCK_JUMP_US = 30 * MS_PER_DAY * US_PER_MS;
const RETRY_MS = 10_000;
const LOG_BYTES_KEPT = 1_048_576;
const VERSION = 1;
/** Size of a sample before compression. */
const SAMPLE_BYTES_MAX = 1_048_576;

export class HealthHistory {
  readonly #path: string;
  #db: Database.Database | null = null;
  #minute = 0;
  #retryAtMs = 0;
  #trouble: string | null = null;
  /** Until then nothing is deleted by age alone, because this machine's clock may be wrong. */
  #distrustUntilMs = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Why nothing is recorded now; null while it works. */
  get trouble(): string | null {
    return this.#trouble;
  }

  record(sample: HealthSample, diagnosis: Diagnosis): void {
    if (this.#db === null && monotonicMs() < this.#retryAtMs) return;
    try {
      this.#db ??= openToWrite(this.#path);
      this.#write(this.#db, sample, diagnosis);
      this.#trouble = null;
    } catch (error) {
      this.#giveUp(error);
    }
  }

  close(): void {
    this.#db?.close();
    this.#db = null;
  }

  #write(db: Database.Database, sample: HealthSample, diagnosis: Diagnosis): void {
    const row = rowOf(sample, diagnosis);
    const minute = Math.floor(sample.atUs / US_PER_MS / MS_PER_MINUTE);
    if (sample.dependencies["clock"] === "error") this.#distrustClock();
    db.transaction(() => {
      if (minute !== this.#minute && CLOCK_JUMP_US < Math.abs(sample.atUs - newestIn(db, row))) {
        this.#distrustClock();
      }
      insert(db, "samples", row);
      if (minute === this.#minute) return;
      insert(db, "minutes", row);
      const nowUs = monotonicMs() < this.#distrustUntilMs ? null : sample.atUs;
      prune(db, "samples", nowUs);
      prune(db, "minutes", nowUs);
    })();
    this.#minute = minute;
  }

  #distrustClock(): void {
    this.#distrustUntilMs = monotonicMs() + MS_PER_DAY;
  }

  #giveUp(error: unknown): void {
    this.#trouble = `${this.#path}: ${messageOf(error)}`;
    this.#retryAtMs = monotonicMs() + RETRY_MS;
    try {
      this.#db?.close();
    } catch {
      // The file is abandoned anyway.
    }
    this.#db = null;
    if (!isDamage(error)) return;
    try {
      putAside(this.#path);
      this.#trouble += "; it was moved aside, and a new one is created";
      this.#retryAtMs = 0;
    } catch {
      // The next try finds the damage again.
    }
  }
}

export type HistorySpan = {
  readonly fromUs: number;
  readonly untilUs: number;
  readonly cells: number;
};
export type WorstOfCell = {
  readonly cell: number;
  readonly rm_meta: number | null;
} & Readonly<Record<(typeof SENSOR_NAMES)[number], number | null>>;

export type HistoryReader = {
  /** At most `count` rows since then, evenly sampled, ascending. */
  since(sinceUs: number, count: number): readonly HealthRow[];
  /** The lowest score of each sensor in each equal part of a time span; parts without a sample are left out. */
  worst(span: HistorySpan): readonly WorstOfCell[];
  /** Time of the sample that was recorded last, whatever time others have; null: there is none. */
  newestUs(): number | null;
  /** The recorded samples, ascending; the finer table where both have them. */
  samples(sinceUs: number, untilUs: number): Generator<HealthSample>;
  close(): void;
};

/**
 * The first sample in the order in which they were recorded: the earliest by its time may be of an hour in which this
 * machine's clock was set back, long after the minutes that it would hide.
 */
const FIRST_SAMPLE = "(SELECT at_us FROM samples ORDER BY id LIMIT 1)";

/** Null where nothing was recorded yet. @throws {Error} where it cannot be read. */
export function openHealthHistory(path: string): HistoryReader | null {
  const db = openToRead(path);
  if (db === null) return null;
  const tableFor = (sinceUs: number): Table => {
    const oldest = db.prepare<[], { at: number | null }>(`SELECT ${FIRST_SAMPLE} AS at`);
    return (oldest.get()?.at ?? Infinity) <= sinceUs ? "samples" : "minutes";
  };
  return {
    since(sinceUs, count) {
      const rows = db
        .prepare<[number], HealthRow>(
          `SELECT ${COLUMNS.join(", ")} FROM ${tableFor(sinceUs)} WHERE ? <= at_us ORDER BY at_us`,
        )
        .all(sinceUs);
      const step = Math.max(1, Math.ceil(rows.length / count));
      return rows.filter((_row, at) => (rows.length - 1 - at) % step === 0);
    },
    worst({ fromUs, untilUs, cells }) {
      const figures = ["rm_meta", ...SENSOR_NAMES];
      const lowest = figures.map((name) => `min(${name}) AS ${name}`).join(", ");
      // From the coarser table only what the finer one lacks.
      return db
        .prepare<[number, number, number, number, number, number, number], WorstOfCell>(
          `SELECT CAST((at_us - ?) * ? / (? - ?) AS INTEGER) AS cell, ${lowest} FROM (
             SELECT at_us, ${figures.join(", ")} FROM minutes
               WHERE at_us < coalesce(${FIRST_SAMPLE}, 9e18)
             UNION ALL SELECT at_us, ${figures.join(", ")} FROM samples)
           WHERE ? <= at_us AND at_us < ? AND 0 < ? GROUP BY cell ORDER BY cell`,
        )
        .all(fromUs, cells, untilUs, fromUs, fromUs, untilUs, cells);
    },
    newestUs: () =>
      db
        .prepare<[], { at: number }>("SELECT at_us AS at FROM samples ORDER BY id DESC LIMIT 1")
        .get()?.at ?? null,
    *samples(sinceUs, untilUs) {
      const rows = db.prepare<[number, number, number, number], { sample: Buffer }>(
        `SELECT at_us, sample FROM minutes WHERE at_us BETWEEN ? AND ?
           AND at_us < coalesce(${FIRST_SAMPLE}, 9e18)
         UNION ALL SELECT at_us, sample FROM samples WHERE at_us BETWEEN ? AND ? ORDER BY at_us`,
      );
      for (const { sample } of rows.iterate(sinceUs, untilUs, sinceUs, untilUs)) {
        yield sampleIn(sample);
      }
    },
    close: () => db.close(),
  };
}

/** Null: there is no file, or none that health has begun to fill. */
function openToRead(path: string): Database.Database | null {
  const size = sizeOf(path);
  if (size === null || size === 0) return null;
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    // Damage only shows when it is read.
    for (const table of ["samples", "minutes"]) {
      db.prepare(`SELECT ${COLUMNS.join(", ")}, sample FROM ${table} LIMIT 1`).get();
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Null where there is none. @throws {Error} where that cannot be seen. */
function sizeOf(path: string): number | null {
  try {
    return statSync(path).size;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return null;
    throw error;
  }
}

function openToWrite(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true });
  const db = new Database(path, { timeout: 100 });
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma(`journal_size_limit = ${LOG_BYTES_KEPT}`);
    if (VERSION < Number(db.pragma("user_version", { simple: true }))) {
      throw new Error("a newer version of DOLPHIN wrote it");
    }
    for (const table of ["samples", "minutes"]) {
      db.exec(
        `CREATE TABLE IF NOT EXISTS ${table} (
           id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, status TEXT NOT NULL, rm_meta REAL,
           ${SENSOR_NAMES.map((name) => `${name} REAL`).join(", ")},
           causes TEXT NOT NULL, sample BLOB NOT NULL);
         CREATE INDEX IF NOT EXISTS ${table}_by_time ON ${table} (at_us);`,
      );
    }
    db.pragma(`user_version = ${VERSION}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

type Row = HealthRow & { readonly sample: Buffer };

function rowOf(sample: HealthSample, { word, rmMeta, roots }: Diagnosis): Row {
  const { sensors } = sample;
  return {
    at_us: sample.atUs,
    status: word,
    rm_meta: rmMeta,
    m1_proc: sensors.m1_proc.score,
    m2_heartbeat: sensors.m2_heartbeat.score,
    m3_data_freshness: sensors.m3_data_freshness.score,
    m4_control_plane: sensors.m4_control_plane.score,
    m5_coherence: sensors.m5_coherence.score,
    causes: roots.map(({ id }) => id).join(" "),
    sample: deflateRawSync(JSON.stringify(sample)),
  };
}

function sampleIn(blob: Buffer): HealthSample {
  const text = inflateRawSync(blob, { maxOutputLength: SAMPLE_BYTES_MAX }).toString();
  // Written only by `rowOf`, into our own file.
  const sample: HealthSample = JSON.parse(text);
  return sample;
}

function insert(db: Database.Database, table: Table, row: Row): void {
  const names = [...COLUMNS, "sample"];
  db.prepare(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map((name) => `@${name}`).join(", ")})`,
  ).run(row);
}

/** The time of the newest row; of the new row where there is none. */
function newestIn(db: Database.Database, { at_us }: Row): number {
  const newest = db.prepare<[], { at_us: number }>(
    "SELECT at_us FROM minutes ORDER BY id DESC LIMIT 1",
  );
  return newest.get()?.at_us ?? at_us;
}

/** Also by their order: otherwise rows with a time far in the future would stay forever. Null: by order alone. */
function prune(db: Database.Database, table: Table, nowUs: number | null): void {
  const { rows, us } = KEPT[table];
  db.prepare(
    `DELETE FROM ${table} WHERE at_us < ? OR id <= (SELECT max(id) FROM ${table}) - ?`,
  ).run(nowUs === null ? Number.MIN_SAFE_INTEGER : nowUs - us, rows);
}

function isDamage(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error) ?? "");
}

function putAside(path: string): void {
  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  renameSync(path, `${path}.damaged`);
}
