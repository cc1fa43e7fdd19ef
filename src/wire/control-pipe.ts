/**
 * What a service tells its supervisor over the control pipe: JSON lines on file descriptor 3.
 * The pipe is a socket pair: the service ends itself when it closes. Writes never block; what
 * does not fit is dropped and counted.
 */
import { z } from "zod";

/** Longest line that a supervisor reads; a longer one is a broken service and is skipped. */
export const CONTROL_LINE_BYTES_MAX = 65_536;
export const CONTROL_PIPE_FD = 3;
export const BEAT_INTERVAL_MS = 1_000;

const age = z.number().nonnegative().nullable();

/** What the verdict on a service is decided from; ages are in seconds on the service's monotonic clock. */
export const ServiceFacts = z.object({
  /** `hung`: the pump has not beaten for 5 s while in a file operation; `missing`: no such folder. */
  archive: z.enum(["ok", "hung", "missing", "error"]),
  hazelcast: z.enum(["ok", "down"]),
  /** Age of the newest scan pushed, from when its file was first seen; null before the first. */
  newestDataAgeS: age,
  /** Age since first seen of the oldest complete file not yet pushed; null when nothing waits. */
  oldestUnpushedAgeS: age,
  /** Since anything was pushed, quarantined or listed. */
  progressAgeS: age,
  /** Files waiting to be pushed. */
  backlog: z.number().int().nonnegative(),
});
export type ServiceFacts = z.infer<typeof ServiceFacts>;

export const ServiceMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready"), pid: z.number().int() }),
  z.object({
    kind: z.literal("beat"),
    /** One short phrase, shown to the operator: `running`, `waiting: hazelcast`, `archive hung`. */
    state: z.string().max(200),
    facts: ServiceFacts.nullable(),
    /** Flat counters, shown as they are: epoch, last_seq, last_scan_number, pushed, ... */
    counters: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
    /** Log lines since the last beat, at most 20. */
    log: z.array(z.string().max(2_000)).max(20),
    dropped: z.number().int().nonnegative(),
  }),
]);
export type ServiceMessage = z.infer<typeof ServiceMessage>;
export type ServiceBeat = Extract<ServiceMessage, { kind: "beat" }>;
