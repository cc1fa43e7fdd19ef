/**
 * Parses the facts of the bridge's pump. Bridges and traders of releases before the general service facts send them over the pipe
 * and in heartbeats; they are read as long as one may still run.
 */
import { z } from "zod";
import { type BridgeFacts, TROUBLE_CHARS_MAX } from "./bridge-facts.ts";

const age = z.number().nonnegative().nullable();

export const ReportedBridgeFacts = z.object({
  archive: z.enum(["ok", "hung", "missing", "error"]),
  hazelcast: z.enum(["ok", "down"]),
  newestDataAgeS: age,
  oldestUnpushedAgeS: age,
  settledAgeS: age.default(null),
  listedAgeS: age.default(null),
  unwatched: z.string().nullish(),
  backlog: z.number().int().nonnegative(),
  trouble: z.string().max(TROUBLE_CHARS_MAX).optional(),
}) satisfies z.ZodType<BridgeFacts>;
