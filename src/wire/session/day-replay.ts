/** The result of a day's replay, as `dolphin replay --json` prints it and paperTrade reports it. */
import type { Difference, ReplayOutcome } from "../../domain/trading/replay/replay.ts";

/** The same day with the current code, and the first step in which it differs. */
export type ReplayNow = {
  readonly code: string;
  readonly verdict: "equal" | "different" | "not_comparable";
  readonly reason: string | null;
  readonly differences: number;
  /** `recorded`: the step as the recorded code takes it, where that code is available. */
  readonly firstDifference: Difference | null;
};

type About = {
  readonly book: string;
  readonly day: string;
  /** Null where the current code is the recorded one. */
  readonly now: ReplayNow | null;
};
export type DayReplay =
  | (About & { readonly verdict: "not_comparable"; readonly reason: string })
  | (About & {
      readonly verdict: "equal" | "different";
      /** The index of the day's first event. */
      readonly fromIndex: number;
      /** The index of the snapshot from which the fold started; 0: it started with the log. */
      readonly snapshotIndex: number;
      readonly outcome: ReplayOutcome;
    });

type DifferenceJson = {
  readonly index: number;
  readonly what: string;
  readonly event: unknown;
  readonly recorded: unknown;
  readonly replayed: unknown;
} | null;

export type DayReplayJson = {
  readonly book: string;
  readonly day: string;
  readonly verdict: "equal" | "different" | "not_comparable";
  /** Why it is not comparable, else null. */
  readonly reason: string | null;
  readonly from_index: number | null;
  readonly snapshot_index: number | null;
  readonly events: number;
  readonly decisions: number;
  readonly trades: number;
  readonly compared: {
    readonly digests: number;
    readonly trades: number;
    readonly snapshots: number;
    readonly fills: number;
  };
  readonly undigested: number;
  readonly differences: number;
  readonly first_difference: DifferenceJson;
  readonly broker: { readonly differences: number; readonly first_difference: DifferenceJson };
  /** The day with the current code; null where that is the recorded code. */
  readonly now: {
    readonly code: string;
    readonly verdict: "equal" | "different" | "not_comparable";
    readonly reason: string | null;
    readonly differences: number;
    readonly first_difference: DifferenceJson;
  } | null;
};

export function dayReplayJson(replay: DayReplay): DayReplayJson {
  const { book, day, verdict } = replay;
  const now = replay.now === null ? null : nowJson(replay.now);
  if (replay.verdict === "not_comparable") {
    return {
      book,
      day,
      verdict,
      reason: replay.reason,
      from_index: null,
      snapshot_index: null,
      events: 0,
      decisions: 0,
      trades: 0,
      compared: { digests: 0, trades: 0, snapshots: 0, fills: 0 },
      undigested: 0,
      differences: 0,
      first_difference: null,
      broker: { differences: 0, first_difference: null },
      now,
    };
  }
  const { fromIndex, snapshotIndex, outcome } = replay;
  const { events, decisions, trades, compared, undigested, differences, broker } = outcome;
  return {
    book,
    day,
    verdict,
    reason: null,
    from_index: fromIndex,
    snapshot_index: snapshotIndex,
    events,
    decisions,
    trades,
    compared: { ...compared, fills: broker.compared },
    undigested,
    differences,
    first_difference: outcome.firstDifference,
    broker: { differences: broker.differences, first_difference: broker.firstDifference },
    now,
  };
}

function nowJson({ firstDifference, ...found }: ReplayNow): DayReplayJson["now"] {
  return { ...found, first_difference: firstDifference };
}
