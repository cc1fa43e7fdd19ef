/** `<data-dir>/up.json`, in which a running `dolphin up` says where everything is, and its summary. */
import { z } from "zod";

const pid = z.number().int().positive();
/** Field 22 of /proc/PID/stat, because a process id alone may have been reused. */
const startedTicks = z.number().int().nullable();

export const UpService = z.object({
  pid,
  started_ticks: startedTicks,
  /** The leader of the process group, where that is a guard; null where the process leads its own group. */
  guard_pid: pid.nullable(),
  log: z.string(),
});
export type UpService = Readonly<z.infer<typeof UpService>>;

export const UpFile = z.object({
  pid,
  started_ticks: startedTicks,
  started_at: z.string(),
  /** host:port */
  hazelcast: z.string(),
  cluster: z.string(),
  /** `hazelcast.prefix`. Absent in an older release. */
  prefix: z.string().nullable().optional(),
  /** host:port */
  temporal: z.string(),
  temporal_ui: z.string(),
  dashboard: z.string().nullable(),
  /** Null: no metrics endpoint (port 0). Absent in an older release. */
  metrics: z.string().nullable().optional(),
  archive: z.string(),
  services: z.record(z.string(), UpService),
});
export type UpFile = Readonly<z.infer<typeof UpFile>>;

/** What `dolphin up --summary FILE` writes at its end. */
export const UpSummary = z.object({
  ok: z.boolean(),
  duration_s: z.number(),
  scans_written: z.number().int(),
  scans_pushed: z.number().int(),
  /** Distinct seqs that its own listener received. */
  scans_seen: z.number().int(),
  seq_gaps: z.number().int(),
  /** From the file's mtime to the event, in milliseconds; null when no event was received. */
  lag_ms: z.object({ p50: z.number().nullable(), p99: z.number().nullable() }),
  restarts: z.number().int(),
  /** Trades closed by book BLUE so far, and the book's equity; null when no trader answered. */
  trades: z.number().int().nullable(),
  equity: z.number().nullable(),
  rss_mb: z.record(z.string(), z.number()),
  problems: z.array(z.string()),
});
export type UpSummary = Readonly<z.infer<typeof UpSummary>>;
