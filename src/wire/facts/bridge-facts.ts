/**
 * The facts of the bridge's pump, in its own words.
 * Invariant: loads no schema: the pump's thread would take 7 MB and a twentieth of a second more at each start.
 */
import type { Note, WorkFacts } from "../../domain/supervision/verdict.ts";

/** What is longer is cut by who tells it. */
export const TROUBLE_CHARS_MAX = 1_000;

/** A note on a dependency or an input: somebody has to act. */
export function alertOf(of: string, says: string): Note {
  return { of, says: says.slice(0, TROUBLE_CHARS_MAX), isAlert: true };
}

/** Ages are in seconds on the service's monotonic clock. */
export type BridgeFacts = {
  /** `hung`: the pump has not beaten for 5 s while in a file operation; `missing`: no such folder. */
  archive: "ok" | "hung" | "missing" | "error";
  hazelcast: "ok" | "down";
  /** Age of the newest scan pushed, from when its file was first seen; null before the first. */
  newestDataAgeS: number | null;
  /** Age since first seen of the oldest complete file not yet pushed; null when nothing waits. */
  oldestUnpushedAgeS: number | null;
  /**
   * Since the loop dealt with a file (pushed, quarantined, found a duplicate or gone); null while it
   * cannot: before its first listing is over, while the journal refuses.
   */
  settledAgeS: number | null;
  /** Since a listing went on, or since the next one was due, whichever is later. */
  listedAgeS: number | null;
  /** The kernel's limit that leaves the archive without file events: it is listed instead. */
  unwatched?: string | null | undefined;
  /** Files waiting to be pushed. */
  backlog: number;
  /** What makes scans late or not ours, as a sentence; traders of an older version told theirs here. */
  trouble?: string | undefined;
};

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
