/**
 * Publishes books at a bounded rate: the common text once per period, and each asset's own text once per period,
 * spread over it so that no message waits behind all of them. A book that was not published yet is replaced by a
 * newer one.
 */
import {
  bookKey,
  bookText,
  LATEST_FEATURES_KEY,
  latestText,
  type Pushed,
} from "../../wire/order-book/book-values.ts";
import type { BoardBook } from "./book-board.ts";

export type PublishingOptions = {
  readonly put: (key: string, text: string) => Promise<void>;
  readonly by: Pick<Pushed, "epoch" | "instance">;
  readonly everyMs: number;
  readonly books: () => readonly BoardBook[];
  /** Called with the result of each write: null, or why it failed because the cluster is away. */
  readonly onAnswer: (trouble: string | null) => void;
  /** Each book with the time at which it is published, which is also in its text. */
  readonly onPublished: (book: BoardBook, knownMs: number) => void;
  /** Anything else, such as a newer process. */
  readonly onFailure: (error: unknown) => void;
};

/** Most concurrent writes: a slow cluster gets no more. */
const UNDER_WAY_MAX = 16;

export class Publishing {
  readonly #options: PublishingOptions;
  readonly #underWay = new Set<string>();
  #commonMs = Number.NEGATIVE_INFINITY;
  #next = 0;
  #isNews = false;
  published = 0;

  constructor(options: PublishingOptions) {
    this.#options = options;
  }

  /** Called `passedMs` after the last time; `wallMs` is the time that is written. */
  tick(about: {
    readonly nowMs: number;
    readonly passedMs: number;
    readonly wallMs: number;
  }): void {
    const { everyMs, books: list } = this.#options;
    const books = list();
    const share = Math.ceil((books.length * Math.min(about.passedMs, everyMs)) / everyMs);
    for (let count = 0; count < share && this.#underWay.size < UNDER_WAY_MAX; count += 1) {
      const one = books[this.#next % books.length]!;
      this.#next = (this.#next + 1) % books.length;
      if (one.isFresh) this.#tellOne(one, about.wallMs);
    }
    if (about.nowMs - this.#commonMs < everyMs || !this.#isNews) return;
    if (this.#underWay.has(LATEST_FEATURES_KEY)) return;
    this.#commonMs = about.nowMs;
    this.#isNews = false;
    const pushed = { ...this.#options.by, pushedMs: about.wallMs };
    this.#put(LATEST_FEATURES_KEY, latestText(books, pushed, sourceOf(books)));
  }

  /** Whether something is to be published, or under way. */
  isBehind(): boolean {
    const { books } = this.#options;
    return this.#isNews || 0 < this.#underWay.size || books().some(({ isFresh }) => isFresh);
  }

  #tellOne(one: BoardBook, pushedMs: number): void {
    const key = bookKey(one.asset);
    this.#isNews = true;
    if (this.#underWay.has(key)) return;
    one.isFresh = false;
    this.#options.onPublished(one, pushedMs);
    this.#put(key, bookText(one, { ...this.#options.by, pushedMs }));
  }

  #put(key: string, text: string): void {
    const { put, onAnswer, onFailure } = this.#options;
    this.#underWay.add(key);
    const settle = async () => {
      try {
        await put(key, text);
        this.published += 1;
        onAnswer(null);
      } catch (error) {
        const isAway = error instanceof Error && error.name === "HazelcastUnavailable";
        if (isAway) onAnswer(error.message);
        else onFailure(error);
      } finally {
        this.#underWay.delete(key);
      }
    };
    void settle();
  }
}

/** Simulated if any book is, so that nobody takes a simulated one for real. */
function sourceOf(books: readonly BoardBook[]): string {
  const sources = [...new Set(books.map(({ source }) => source))].toSorted();
  return sources.toReversed().join(", ");
}
