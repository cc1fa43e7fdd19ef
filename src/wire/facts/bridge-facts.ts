/**
 * The facts of the bridge's pump, in its own words. Before facts were those of any service, each
 * service told these over its pipe and in its heartbeat: they are read as long as one may still run.
 */
import { z } from "zod";
import type { Note, WorkFacts } from "../../domain/supervision/verdict.ts";

const age = z.number().nonnegative().nullable();
/** What is longer is cut by who tells it. */
export const TROUBLE_CHARS_MAX = 1_000;

/** A note on a dependency or an input: somebody has to act. */
export function alertOf(of: string, says: string): Note {
  return { of, says: says.slice(0, TROUBLE_CHARS_MAX), isAlert: true };
}

/** Ages are in seconds on the service's monotonic clock. */
export const BridgeFacts = z.object({
  /** `hung`: the pump has not beaten for 5 s while in a file operation; `missing`: no such folder. */
  archive: z.enum(["ok", "hung", "missing", "error"]),
  hazelcast: z.enum(["ok", "down"]),
  /** Age of the newest scan pushed, from when its file was first seen; null before the first. */
  newestDataAgeS: age,
  /** Age since first seen of the oldest complete file not yet pushed; null when nothing waits. */
  oldestUnpushedAgeS: age,
  /**
   * Since the loop dealt with a file (pushed, quarantined, found a duplicate or gone); null while it
   * cannot: before its first listing is over, while the journal refuses.
   */
  settledAgeS: age.default(null),
  /** Since a listing went on, or since the next one was due, whichever is later. */
  listedAgeS: age.default(null),
  /** The kernel's limit that leaves the archive without file events: it is listed instead. */
  unwatched: z.string().nullish(),
  /** Files waiting to be pushed. */
  backlog: z.number().int().nonnegative(),
  /** What makes scans late or not ours, as a sentence; traders of an older version told theirs here. */
  trouble: z.string().max(TROUBLE_CHARS_MAX).optional(),
});
export type BridgeFacts = z.infer<typeof BridgeFacts>;

/** A scan in this time is usual. */
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
