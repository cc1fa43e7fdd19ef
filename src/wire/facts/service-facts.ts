/** What any service says about its work: what it needs, what comes in, what waits for it. */
import { z } from "zod";
import type { WorkFacts } from "../../domain/supervision/verdict.ts";
import { DEPENDENCY_STATES } from "../../domain/supervision/ties.ts";
import { factsOfBridge, TROUBLE_CHARS_MAX } from "./bridge-facts.ts";
import { ToldBridgeFacts } from "./told-bridge-facts.ts";

const age = z.number().nonnegative().nullable();
const name = z.string().max(100);
/** How many dependencies, inputs and notes a service may name, each. */
const TOLD_MAX = 32;

const Facts = z.object({
  /** As its row in the table of services names them; what it does not use is left out. */
  dependencies: z
    .record(name, z.enum(DEPENDENCY_STATES))
    .refine((states) => Object.keys(states).length <= TOLD_MAX),
  inputs: z
    .array(
      z.object({
        name,
        ageS: age,
        budgetS: z.number().positive(),
        lookedAgeS: age.optional(),
      }),
    )
    .max(TOLD_MAX),
  /** What waits for it; null where nothing can. */
  queue: z
    .object({ waiting: z.number().int().nonnegative(), oldestS: age, progressS: age })
    .nullable(),
  /** What a person has to know of one of them, as a sentence. */
  notes: z
    .array(z.object({ of: name, says: z.string().max(TROUBLE_CHARS_MAX), isAlert: z.boolean() }))
    .max(TOLD_MAX)
    .optional(),
});

/**
 * What the verdict on a service is decided from; ages are in seconds on the service's monotonic clock.
 * A service of an older version may run on for a while, and its heartbeat longer.
 */
export const ServiceFacts: z.ZodType<WorkFacts> = z.union([
  Facts,
  ToldBridgeFacts.transform(factsOfBridge),
]);
