/** All feeds of one trader: their values go into its book, and their state into its facts. */
import type { ScanFeed } from "../../../adapters/hazelcast/scan-feed.ts";
import type { InputFact, Note } from "../../../domain/supervision/verdict.ts";
import { budgetOf } from "../../../domain/trading/risk/input-ages.ts";
import type { Trader } from "../../../domain/trading/trader.ts";
import { type Feed, type FeedFact, inputOf } from "../../../wire/feeds/feeds.ts";
import { missingFeedsOf } from "../../book-status.ts";
import { FeedIntake, type FeedIntakeDeps } from "./feed-intake.ts";

export type TraderFeedsDeps = Pick<FeedIntakeDeps, "take" | "clock" | "say"> & {
  readonly feeds: readonly Feed[];
  readonly hazelcast: Pick<ScanFeed, "read">;
  readonly trader: Trader;
};

export class TraderFeeds {
  readonly all: readonly FeedIntake[];
  readonly #trader: Trader;

  constructor({ feeds, hazelcast, trader, take, clock, say }: TraderFeedsDeps) {
    this.#trader = trader;
    this.all = feeds.map(
      (feed) =>
        new FeedIntake({
          feed,
          read: () => hazelcast.read(feed.map, feed.key),
          isKnown: (fact) => isKnown(trader, fact, clock.nowMs()),
          take,
          budgetMs: budgetOf(trader, inputOf(feed.name)) || feed.budgetMs,
          clock,
          say,
        }),
    );
  }

  /** Called before a scan of this time. */
  takeKnown(scanMs: number): void {
    for (const one of this.all) one.takeKnown(scanMs);
  }

  /** Called at least several times a minute. */
  takeOld(): void {
    for (const one of this.all) one.takeOld();
  }

  inputs(): readonly InputFact[] {
    return this.all.flatMap((one) => one.fact() ?? []);
  }

  notes(): readonly Note[] {
    const names = this.all.map(({ feed }) => feed.name);
    return [...this.all.flatMap((one) => one.note() ?? []), ...missingFeedsOf(this.#trader, names)];
  }

  unreadable(): number {
    return this.all.reduce((sum, { counts }) => sum + counts.unreadable, 0);
  }
}

/** More than the clocks of two machines differ. */
const AHEAD_MAX_MS = 5_000;

function isKnown({ data }: Trader, fact: FeedFact, nowMs: number): boolean {
  if (fact.kind === "book") {
    // A book older than the known one is skipped, such as from a fenced streamer; but a known book that is ahead of the
    // clock blocks none.
    const knownMs = data.books?.get(fact.asset)?.asOfMs;
    if (knownMs === undefined || fact.asOfMs === knownMs) return knownMs !== undefined;
    return fact.asOfMs < knownMs && knownMs - nowMs <= AHEAD_MAX_MS;
  }
  if (fact.kind !== "feature") return false;
  const known = data.features.get(fact.name);
  return known !== undefined && known.value === fact.value && known.asOfMs === fact.asOfMs;
}
