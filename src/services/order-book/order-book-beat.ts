/** The beats of the order-book streamer. */
import type { DependencyState } from "../../domain/supervision/ties.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { RecorderState } from "../../adapters/order-book/book-recorder.ts";
import { alertOf } from "../../wire/facts/bridge-facts.ts";
import type { Beat } from "../shell/run-service.ts";
import type { BoardCounts } from "./book-board.ts";
import type { StreamsState } from "./streams.ts";

export type OrderBookStanding = {
  readonly streams: StreamsState;
  readonly counts: BoardCounts;
  /** Age of each asset's book; null: there is none yet. */
  readonly agesMs: readonly (number | null)[];
  /** What was wrong with the last refused message. */
  readonly lastRefusal: string | null;
  readonly hazelcast: DependencyState;
  readonly recorder: RecorderState | null;
  readonly told: number;
  readonly epoch: number;
  /** Why snapshots fail. */
  readonly snapshots: string | null;
};

/** By the newest book of all assets: a single asset may not be traded for longer. */
const BUDGET_S = 10;
const QUIET_MS = 30_000;

export function orderBookBeat(standing: OrderBookStanding): Beat {
  const { streams, counts, agesMs, recorder, snapshots } = standing;
  const newestMs = agesMs.reduce<number | null>(
    (least, age) => (age === null || (least !== null && least < age) ? least : age),
    null,
  );
  const quiet = agesMs.filter((age) => age === null || QUIET_MS < age).length;
  const isPartlyQuiet = 0 < quiet && quiet < agesMs.length;
  return {
    state: `${streams.open} of ${streams.connections} connections, ${agesMs.length} books`,
    facts: {
      dependencies: { hazelcast: standing.hazelcast },
      inputs: [
        {
          name: "books",
          ageS: newestMs === null ? null : newestMs / MS_PER_SECOND,
          budgetS: BUDGET_S,
        },
      ],
      queue: null,
      notes: [
        ...(isPartlyQuiet
          ? [alertOf("books", `${quiet} of ${agesMs.length} books stand still`)]
          : []),
        ...(recorder?.trouble == null
          ? []
          : [alertOf("books", `not recorded: ${recorder.trouble}`)]),
        ...(snapshots === null ? [] : [alertOf("books", `no snapshot: ${snapshots}`)]),
      ],
    },
    counters: {
      ...counts,
      last_refusal: standing.lastRefusal,
      connections_open: streams.open,
      reconnects: streams.reconnects,
      last_trouble: streams.trouble,
      books_quiet: quiet,
      told: standing.told,
      recorded: recorder?.recorded ?? null,
      record_lost: recorder?.lost ?? null,
      epoch: standing.epoch,
    },
  };
}
