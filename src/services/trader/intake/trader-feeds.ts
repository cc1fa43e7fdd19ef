/** All feeds of one trader: their values go into its book, and their state into its facts. */
import type { ScanFeed } from "../../../adapters/hazelcast/scan-feed.ts";
import type { InputFact, VerdictNote } from "../../../domain/supervision/verdict.ts";
import { budgetOf } from "../../../domain/trading/market/input-ages.ts";
import type { Trader } from "../../../domain/trading/trader.ts";
import { type Feed, type FeedFact, inputOf } from "../../../wire/feeds/feeds.ts";
import { missingFeedsOf } from "../../book-status.ts";
import type { BookFact } from "../event-sequencer.ts";
import { FeedIntake, type FeedIntakeDeps, type Offer } from "./feed-intake.ts";

export type TraderFeedsDeps = Pick<FeedIntakeDeps, "take" | "clock" | "say"> & {
  readonly feeds: readonly Feed[];
  readonly hazelcast: Pick<ScanFeed, "read">;
  readonly trader: Trader;
  /** All or none; false when the journal did not accept them. */
  /** Returns how many were taken, from the first on. */
  readonly takeBooks: (facts: readonly BookFact[]) => number;
};

/** Of one write, of some 0.7 kB each. */
const BOOKS_AT_ONCE_MAX = 500;

export class TraderFeeds {
  readonly all: readonly FeedIntake[];
  readonly #trader: Trader;
  readonly #take: TraderFeedsDeps["take"];
  readonly #takeBooks: TraderFeedsDeps["takeBooks"];

  constructor({ feeds, hazelcast, trader, take, takeBooks, clock, say }: TraderFeedsDeps) {
    this.#trader = trader;
    this.#take = take;
    this.#takeBooks = takeBooks;
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
    const offers: Offer[] = [];
    for (const one of this.all) {
      const offer = one.known(scanMs);
      if (offer !== null) offers.push(offer);
    }
    this.#takeOffers(offers);
  }

  /** Called at least several times a minute. */
  takeOld(): void {
    this.#takeOffers(this.all.flatMap((one) => one.old() ?? []));
  }

  /** Order books come in hundreds, and a scan waits: they are taken together. */
  #takeOffers(offers: readonly Offer[]): void {
    const books: BookFact[] = [];
    const ofBooks: Offer[] = [];
    const takeBooks = () => {
      for (const offer of ofBooks.slice(0, this.#takeBooks(books))) offer.intake.taken(offer);
      books.length = 0;
      ofBooks.length = 0;
    };
    for (const offer of offers) {
      const [fact] = offer.facts;
      if (fact?.kind === "book" && offer.facts.length === 1) {
        books.push(fact);
        ofBooks.push(offer);
        if (books.length === BOOKS_AT_ONCE_MAX) takeBooks();
      } else if (offer.facts.every(this.#take)) offer.intake.taken(offer);
    }
    if (books.length > 0) takeBooks();
  }

  inputs(): readonly InputFact[] {
    return this.all.flatMap((one) => one.fact() ?? []);
  }

  notes(): readonly VerdictNote[] {
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
