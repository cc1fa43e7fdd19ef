/**
 * The facts of the bridge's pump, in the format of releases before the general service facts.
 * Invariant: this module loads no schema package, which would cost the pump's thread 7 MB and start time.
 */
import type { VerdictNote, WorkFacts } from "../../domain/supervision/verdict.ts";

/** The sender cuts longer texts. */
export const TROUBLE_CHARS_MAX = 1_000;

/** A note about a dependency or an input that needs an operator. */
export function alertOf(of: string, says: string): VerdictNote {
  return { of, says: says.slice(0, TROUBLE_CHARS_MAX), isAlert: true };
}

/** Ages are in seconds on the service's monotonic clock. */
export type BridgeFacts = {
  /** `hung`: the pump has not beaten for 5 s while in a file operation; `missing`: no such folder. */
  archive: "ok" | "hung" | "missing" | "error";
  hazelcast: "ok" | "down";
  /** Age of the newest scan pushed, counted from when its file was first seen; null before the first. */
  newestDataAgeS: number | null;
  /** Age since first seen of the oldest complete file not yet pushed; null when nothing is waiting. */
  oldestUnpushedAgeS: number | null;
  /**
   * Age of the last time the loop finished a file (pushed, quarantined, found a duplicate or gone); null while
   * it cannot: before its first listing ends, or while the journal refuses writes.
   */
  settledAgeS: number | null;
  /** Age of the last progress of a listing, or of the time at which the next was due, whichever is later. */
  listedAgeS: number | null;
  /** The kernel limit because of which the archive has no file events and is polled instead. */
  unwatched?: string | null | undefined;
  /** Number of files waiting to be pushed. */
  backlog: number;
  /** Why scans are late or ignored, as a sentence; traders of an older release sent their own notes here. */
  trouble?: string | undefined;
};

/** A scan within this time is normal. */
export const SCANS_BUDGET_S = 30;

export function factsOfBridge(bridge: BridgeFacts): WorkFacts {
  const { archive, hazelcast, newestDataAgeS, listedAgeS, unwatched, trouble } = bridge;
  const short = `no file events, ${unwatched} is used up: listing the archive instead`;
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
      waiting: bridge.backlog,
      oldestS: bridge.oldestUnpushedAgeS,
      progressS: bridge.settledAgeS,
    },
    notes: [
      ...(trouble === undefined ? [] : [alertOf("scans", trouble)]),
      ...(unwatched == null ? [] : [{ of: "archive", says: short, isAlert: false }]),
    ],
  };
}
