/**
 * What `dolphin status --json` prints and the dashboard shows. Ages and durations are in seconds,
 * times ISO-8601 UTC; null is "not known". docs/status-json.md tells it to those who read it.
 */
import type { StatusExit } from "../domain/supervision/overall.ts";
import type { Role } from "../domain/supervision/services.ts";
import type { Cause } from "../domain/supervision/ties.ts";
import type { Word } from "../domain/supervision/verdict.ts";
import type { BookName } from "../domain/trading/books.ts";

export type ServiceRow = {
  readonly service: string;
  /** What it is there for, and the book that it decides for. */
  readonly role: Role;
  readonly book: BookName | null;
  readonly status: Word;
  readonly cause: Cause;
  /** The sentence that the Web UI shows too. */
  readonly why: string;
  /** The service's own phrase. */
  readonly state: string | null;
  readonly pid: number | null;
  readonly up_s: number | null;
  readonly life: number | null;
  readonly mode: string | null;
  readonly last_seq: number | null;
  readonly last_scan_number: number | null;
  readonly newest_data_age_s: number | null;
  readonly backlog: number | null;
  /** Within the window of the restart budget. */
  readonly restarts: number | null;
  readonly restarts_max: number;
  readonly next_try_at: string | null;
  readonly rss_mb: number | null;
  readonly cpu_percent: number | null;
  /** Which caps of memory, CPU and tasks hold, and by what; and which this machine does not enforce. */
  readonly limits: string | null;
  /** The service's own counters, as it tells them. */
  readonly counters: Readonly<Record<string, number | string | null>>;
  /** Where this row is from, the first that answered. */
  readonly source: "temporal" | "hazelcast" | "run file" | "none";
};

export type ServerRow = {
  readonly server: "temporal" | "hazelcast";
  readonly address: string;
  /** How long it took; null when it did not answer in time. */
  readonly answered_ms: number | null;
  readonly problem: string | null;
};

export type LatestScan = {
  readonly scan_number: number;
  readonly seq: number;
  readonly assets: number;
  readonly timestamp: string;
  /** Since the bridge pushed it. */
  readonly age_s: number;
  readonly replayed: boolean;
};

export type ScheduleRow = {
  readonly schedule: string;
  /** Why it is paused; null: it is not. */
  readonly paused: string | null;
  /** When its last run was due, and how late it was begun: one that is made up for is late by the outage. */
  readonly last_due_at: string | null;
  readonly last_late_s: number | null;
  readonly next_at: string | null;
  /** Runs that were too old when the server was back, since the schedule was made. */
  readonly schedule_skipped: number;
  /** Runs that were not begun because the one before them still ran. */
  readonly overlap_skipped: number;
};

export type SafetyRow = {
  readonly pid: number | null;
  /** UNKNOWN: it does not answer. */
  readonly posture: string;
  readonly entries: "go" | "stop";
  readonly reasons: readonly string[];
  /** How long it took; null when it did not answer in time. */
  readonly answered_ms: number | null;
};

export type SystemStatus = {
  readonly checked_at: string;
  /** The gravest word of all services, or `Server silent`. */
  readonly status: Word | "Server silent";
  readonly exit: StatusExit;
  readonly services: readonly ServiceRow[];
  readonly servers: readonly ServerRow[];
  readonly archive: { readonly path: string; readonly state: string };
  /** The disk that holds the data directory. */
  readonly disk: { readonly path: string; readonly state: string };
  /** What the watchdog says; null where none is to run. */
  readonly safety?: SafetyRow | null;
  readonly latest_scan: LatestScan | null;
  /** Null: Temporal did not tell. */
  readonly schedules: readonly ScheduleRow[] | null;
  readonly temporal_ui: string | null;
  readonly dashboard: string | null;
};
