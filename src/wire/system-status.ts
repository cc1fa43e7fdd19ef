/**
 * What `dolphin status --json` prints and the dashboard shows. Ages and durations are in seconds, times
 * ISO-8601 UTC; null means "not known". docs/status-json.md documents it for readers.
 */
import type { StatusExit } from "../domain/supervision/overall.ts";
import type { Role } from "../domain/supervision/services.ts";
import type { Cause } from "../domain/supervision/ties.ts";
import type { Word } from "../domain/supervision/verdict.ts";
import type { BookName } from "../domain/trading/books.ts";

export type ServiceRow = {
  readonly service: string;
  /** The service's role, and the book that it trades. */
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
  /** Restarts within the window of the restart budget. */
  readonly restarts: number | null;
  readonly restarts_max: number;
  readonly next_try_at: string | null;
  readonly rss_mb: number | null;
  readonly cpu_percent: number | null;
  /** Which caps of memory, CPU and tasks are enforced and how, and which this machine does not enforce. */
  readonly limits: string | null;
  /** The service's own counters. */
  readonly counters: Readonly<Record<string, number | string | null>>;
  /** The source of this row: the first one that answered. */
  readonly source: "temporal" | "hazelcast" | "run file" | "none";
};

export type ServerRow = {
  readonly server: "temporal" | "hazelcast";
  readonly address: string;
  /** Response time; null when it did not answer in time. */
  readonly answered_ms: number | null;
  readonly problem: string | null;
};

export type LatestScan = {
  readonly scan_number: number;
  readonly seq: number;
  readonly assets: number;
  readonly timestamp: string;
  /** Age since the bridge pushed it. */
  readonly age_s: number;
  readonly replayed: boolean;
};

export type ScheduleRow = {
  readonly schedule: string;
  /** Why it is paused; null: it is not. */
  readonly paused: string | null;
  /**
   * When its last run was due, and how late it started: a run that was caught up is late by the length of the
   * outage.
   */
  readonly last_due_at: string | null;
  readonly last_late_s: number | null;
  readonly next_at: string | null;
  /** Runs since the schedule was made that were skipped because they were too old when the server came back. */
  readonly schedule_skipped: number;
  /** Runs that were skipped because the previous one was still running. */
  readonly overlap_skipped: number;
};

export type SafetyRow = {
  readonly pid: number | null;
  /** UNKNOWN: it does not answer. */
  readonly posture: string;
  readonly entries: "go" | "stop";
  readonly reasons: readonly string[];
  /** Response time; null when it did not answer in time. */
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
  /** The watchdog's status; null where none should run. */
  readonly safety?: SafetyRow | null;
  readonly latest_scan: LatestScan | null;
  /** Null: Temporal did not answer. */
  readonly schedules: readonly ScheduleRow[] | null;
  readonly temporal_ui: string | null;
  readonly dashboard: string | null;
};
