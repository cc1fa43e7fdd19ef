/**
 * The facts of the bridge's pump in the format of releases before the general service facts. Bridges and
 * traders of those releases send it over the pipe and in heartbeats; it is read as long as one may still run.
 */
import { z } from "zod";
import type { Note, WorkFacts } from "../../domain/supervision/verdict.ts";

const age = z.number().nonnegative().nullable();
/** The sender cuts longer texts. */
export const TROUBLE_CHARS_MAX = 1_000;

/** A note about a dependency or an input that needs an operator. */
export function alertOf(of: string, says: string): Note {
  return { of, says: says.slice(0, TROUBLE_CHARS_MAX), isAlert: true };
}

/** Ages are in seconds on the service's monotonic clock. */
export const BridgeFacts = z.object({
  /** `hung`: the pump has not beaten for 5 s while in a file operation; `missing`: no such folder. */
  archive: z.enum(["ok", "hung", "missing", "error"]),
  hazelcast: z.enum(["ok", "down"]),
  /** Age of the newest scan pushed, counted from when its file was first seen; null before the first. */
  newestDataAgeS: age,
  /** Age since first seen of the oldest complete file not yet pushed; null when nothing is waiting. */
  oldestUnpushedAgeS: age,
  /**
   * Age of the last time the loop finished a file (pushed, quarantined, found a duplicate or gone); null while
   * it cannot: before its first listing ends, or while the journal refuses writes.
   */
  settledAgeS: age.default(null),
  /** Age of the last progress of a listing, or of the time at which the next was due, whichever is later. */
  listedAgeS: age.default(null),
  /** The kernel limit because of which the archive has no file events and is polled instead. */
  unwatched: z.string().nullish(),
  /** Number of files waiting to be pushed. */
  backlog: z.number().int().nonnegative(),
  /** Why scans are late or ignored, as a sentence; traders of an older release sent their own notes here. */
  trouble: z.string().max(TROUBLE_CHARS_MAX).optional(),
});
export type BridgeFacts = z.infer<typeof BridgeFacts>;

/** A scan within this time is normal. */
export const SCANS_BUDGET_S = 30;

export function factsOfBridge(told: BridgeFacts): WorkFacts {
  const { archive, hazelcast, newestDataAgeS, listedAgeS, unwatched, trouble } = told;
  const short = `no file events, ${unwatched} is used up: listing`;
  return {
    dependencies: { archive, hazelcast },
    inputs: [
      {
        name: "scans",
        ageS: newestDataAgeS,
        budgetS: SCANS_BUDGET_S,
        lookedAgeS: listedAgeS,
      },
    ],
    queue: {
      waiting: told.backlog,
      oldestS: told.oldestUnpushedAgeS,
      progressS: told.settledAgeS,
    },
    notes: [
      ...(trouble === undefined ? [] : [alertOf("scans", trouble)]),
      ...(unwatched == null ? [] : [{ of: "archive", says: short, isAlert: false }]),
    ],
  };
}
