/**
 * The pump's facts as text from outside. Before facts were those of any service, each service told these over its pipe
 * and in its heartbeat: they are read as long as one may still run.
 */
import { z } from "zod";
import { type BridgeFacts, TROUBLE_CHARS_MAX } from "./bridge-facts.ts";

const age = z.number().nonnegative().nullable();

export const ToldBridgeFacts = z.object({
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
