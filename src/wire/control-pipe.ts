/**
 * Messages from a service to its supervisor over the control pipe: JSON lines on file descriptor 3. The pipe is
 * a socket pair, and the service ends itself when it closes. Writes never block; a message that does not fit is
 * dropped and counted.
 */
import { z } from "zod";
import { ServiceFacts } from "./facts/service-facts.ts";

/** Longest line that a supervisor reads; a longer one is skipped, because only a broken service writes it. */
export const CONTROL_LINE_BYTES_MAX = 65_536;
export const CONTROL_PIPE_FD = 3;
export const BEAT_INTERVAL_MS = 1_000;

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
