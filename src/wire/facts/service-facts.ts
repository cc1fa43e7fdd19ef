/** The facts that every service reports: its dependencies, its inputs, and its queue. */
import { z } from "zod";
import type { WorkFacts } from "../../domain/supervision/verdict.ts";
import { DEPENDENCY_STATES } from "../../domain/supervision/ties.ts";
import { REPORTED_MAX } from "./bounded-facts.ts";
import { factsOfBridge, TROUBLE_CHARS_MAX } from "./bridge-facts.ts";
import { ReportedBridgeFacts } from "./reported-bridge-facts.ts";

const age = z.number().nonnegative().nullable();
const name = z.string().max(100);

const Facts = z.object({
  /** Named as in the service's row of the table of services; a dependency that is not in use is left out. */
  dependencies: z
    .record(name, z.enum(DEPENDENCY_STATES))
    .refine((states) => Object.keys(states).length <= REPORTED_MAX),
  inputs: z
    .array(
      z.object({
        name,
        ageS: age,
        budgetS: z.number().positive(),
        lookedAgeS: age.optional(),
      }),
    )
    .max(REPORTED_MAX),
  /** The service's queue of waiting work; null where it has none. */
  queue: z
    .object({ waiting: z.number().int().nonnegative(), oldestS: age, progressS: age })
    .nullable(),
  /** A sentence about a dependency or an input that an operator has to know. */
  notes: z
    .array(z.object({ of: name, says: z.string().max(TROUBLE_CHARS_MAX), isAlert: z.boolean() }))
    .max(REPORTED_MAX)
    .optional(),
});

/**
 * The input of the verdict on a service; ages are in seconds on the service's monotonic clock. The reader also
 * accepts the older format, because a service of an older release may still run, and its heartbeat outlives it.
 */
export const ServiceFacts: z.ZodType<WorkFacts> = z.union([
  Facts,
  ReportedBridgeFacts.transform(factsOfBridge),
]);
