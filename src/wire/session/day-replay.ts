/** The outcome of a day's replay as `dolphin replay --json` prints it and paperTrade reports it. */
import type { Difference, ReplayOutcome } from "../../domain/trading/replay/replay.ts";

type About = { readonly book: string; readonly day: string };
export type DayReplay =
  | (About & { readonly verdict: "not_comparable"; readonly reason: string })
  | (About & {
      readonly verdict: "equal" | "different";
      /** Of the day's first event. */
      readonly fromIndex: number;
      /** Of the snapshot that the fold began with; 0: from the log's beginning. */
      readonly snapshotIndex: number;
      readonly outcome: ReplayOutcome;
    });

export type DayReplayJson = {
  readonly book: string;
  readonly day: string;
  readonly verdict: DayReplay["verdict"];
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
  readonly first_difference: Difference | null;
  readonly broker: { readonly differences: number; readonly first_difference: Difference | null };
};

export function dayReplayJson(replay: DayReplay): DayReplayJson {
  const { book, day, verdict } = replay;
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
  };
}
