/**
 * What supervision publishes: heartbeat details, the result of a run, the status in a supervisor's memo. Plain
 * JSON in snake_case; times are ISO-8601 UTC.
 */
import { z } from "zod";
import { END_KINDS } from "../domain/supervision/next-step.ts";
import { CAUSES } from "../domain/supervision/ties.ts";
import { WORDS } from "../domain/supervision/verdict.ts";
import { ServiceFacts } from "./facts/service-facts.ts";

const time = z.string();
const counters = z.record(z.string(), z.union([z.number(), z.string(), z.null()]));

/** The configuration of a service. */
export const Declaration = z.object({
  enabled: z.boolean(),
  autostart: z.boolean(),
  restarts_max: z.number().int(),
  memory_max_mb: z.number(),
  cpu_max_percent: z.number(),
  tasks_max: z.number().int(),
});

/** How one life of the process ended. */
export const LifeEnd = z.object({
  kind: z.enum(END_KINDS),
  /** A sentence for the operator: `exit code 1 after 3 s`. */
  why: z.string(),
  life: z.number().int(),
  pid: z.number().int().nullable(),
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable(),
  started_at: time.nullable(),
  at: time,
  uptime_s: z.number().nullable(),
  counters,
  last_log: z.array(z.string()),
});
export type LifeEnd = z.infer<typeof LifeEnd>;

/**
 * The result of serviceRun: the end of the run's last life, and the earlier lives that were restarted in place.
 */
export const RunResult = LifeEnd.extend({
  service: z.string(),
  /** Times of the restarts that cost budget, ascending. */
  restart_times: z.array(time),
  /** Lives that ended while Temporal was away, at most the last 20. */
  local_lives: z.array(LifeEnd),
  /** Processes that still exist after SIGKILL. */
  unkillable_pids: z.array(z.number().int()),
});
export type RunResult = z.infer<typeof RunResult>;

/** Heartbeat details of the activity `process` of run-<service>: the current facts, once a second. */
export const RunDetails = z.object({
  service: z.string(),
  /** When these facts were observed: a workflow description may be older than a report. */
  at: time,
  life: z.number().int(),
  host: z.string(),
  /** Null between two lives. */
  pid: z.number().int().nullable(),
  started_ticks: z.number().int().nullable(),
  started_at: time.nullable(),
  rss_mb: z.number().nullable(),
  cpu_percent: z.number().nullable(),
  /** Which caps are enforced, and by which mechanism. */
  limits: z.string().optional(),
  /** The service's own phrase. */
  state: z.string(),
  word: z.enum(WORDS),
  cause: z.enum(CAUSES),
  action: z.enum(["none", "alert", "restart"]),
  reason: z.string(),
  last_seq: z.number().nullable(),
  facts: ServiceFacts.nullable(),
  counters,
  dropped: z.number().int(),
  restart_times: z.array(time),
  next_try_at: time.nullable(),
  unkillable_pids: z.array(z.number().int()),
  /** Set when the worker stopped the process on purpose: the next attempt starts a fresh one. */
  stopped: z.boolean(),
});
export type RunDetails = z.infer<typeof RunDetails>;

/** A supervisor's status: its query, its updates' answer, and `status` in its memo. */
export const ServiceStatus = z.object({
  service: z.string(),
  layer: z.string(),
  intent: z.enum(["running", "stopped"]),
  mode: z.enum(["auto", "monitor-only"]),
  word: z.enum(WORDS),
  cause: z.enum(CAUSES),
  reason: z.string(),
  life: z.number().int(),
  pid: z.number().int().nullable(),
  host: z.string().nullable(),
  started_at: time.nullable(),
  restarts_in_window: z.number().int(),
  restart_times: z.array(time),
  next_try_at: time.nullable(),
  last_end: LifeEnd.nullable(),
  /** Absent where it was started by hand, or by an older release. */
  declared: Declaration.optional(),
  updated_at: time,
});
export type ServiceStatus = z.infer<typeof ServiceStatus>;
