/** The outcome of a day's replay as `dolphin replay --json` prints it and paperTrade reports it. */
import { z } from "zod";
import type { ReplayOutcome } from "../../domain/trading/replay/replay.ts";

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

const count = z.int().min(0);
const difference = z
  .object({
    index: count,
    what: z.string(),
    event: z.unknown(),
    recorded: z.unknown(),
    replayed: z.unknown(),
  })
  .nullable();

const DayReplayJson = z.object({
  book: z.string(),
  day: z.string(),
  verdict: z.enum(["equal", "different", "not_comparable"]),
  /** Why it is not comparable, else null. */
  reason: z.string().nullable(),
  from_index: count.nullable(),
  snapshot_index: count.nullable(),
  events: count,
  decisions: count,
  trades: count,
  compared: z.object({ digests: count, trades: count, snapshots: count, fills: count }),
  undigested: count,
  differences: count,
  first_difference: difference,
  broker: z.object({ differences: count, first_difference: difference }),
});
export type DayReplayJson = z.infer<typeof DayReplayJson>;

/** @throws {Error} that names the field, when this is not what `dolphin replay --json` prints. */
export function parseDayReplay(text: string): DayReplayJson {
  return DayReplayJson.parse(JSON.parse(text));
}

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
