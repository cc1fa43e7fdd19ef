/**
 * Takes what one feed brings: a value becomes events of the book's log, in the order in which it was
 * heard. What can't be read is counted and said, and stops nothing.
 *
 * Invariant: a reading that the book has already is not recorded again, and one that the journal could
 * not take is taken at a later look.
 */
import type { InputFact, Note } from "../../../domain/supervision/verdict.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import { alertOf } from "../../../wire/facts/bridge-facts.ts";
import type { Feed, FeedFact, FeedReading } from "../../../wire/feeds/feeds.ts";

export type FeedIntakeDeps = {
  readonly feed: Feed;
  /** What stands in Hazelcast now. */
  readonly read: () => Promise<unknown>;
  /** Whether this is what the book knows already. */
  readonly isKnown: (fact: FeedFact) => boolean;
  /** False when the journal could not take it. */
  readonly take: (fact: FeedFact) => boolean;
  /** How old a reading may be for an entry. */
  readonly budgetMs: number;
  readonly clock: { readonly nowMs: () => number; readonly monotonicMs: () => number };
  readonly say: (level: "info" | "warn", line: string) => void;
};

/**
 * Facts that one value may have: each is an event in the log, and scans wait while they are written. A
 * value with more can't be read: a part of it would be taken for all.
 */
const FACTS_MAX = 64;

export class FeedIntake {
  readonly feed: Feed;
  readonly counts = { heard: 0, unreadable: 0 };
  readonly #deps: FeedIntakeDeps;
  /** The value that was taken last. */
  #text: unknown = null;
  #takenAtMs = -Infinity;
  #isReadable = true;
  /** When the newest value that could be read came, and how old it was then: below 0 where it was ahead of the clock. */
  #newest: { readonly atMs: number; readonly ageMs: number } | null = null;

  constructor(deps: FeedIntakeDeps) {
    this.#deps = deps;
    this.feed = deps.feed;
  }

  /** Takes a listener's event. */
  hear(text: unknown): void {
    this.counts.heard += 1;
    // A later look finds the newest of those that are left out here.
    if (this.#isTooSoon()) return;
    this.#take(text);
  }

  /** Takes what no event brought. Rejects while Hazelcast does not answer. */
  async look(): Promise<void> {
    const { heard } = this.counts;
    const text = await this.#deps.read();
    // What was heard while this was being read is newer.
    if (heard !== this.counts.heard || text === null || text === this.#text) return;
    if (this.#isTooSoon()) return;
    this.#take(text);
  }

  /** An input in the service's facts; null where the book's own state says how it stands. */
  fact(): InputFact | null {
    const { feed, budgetMs } = this.#deps;
    if (feed.isBuiltIn) return null;
    const ageMs = this.#ageMs();
    return {
      name: feed.name,
      ageS: ageMs === null ? null : Math.max(0, ageMs) / MS_PER_SECOND,
      budgetS: budgetMs / MS_PER_SECOND,
    };
  }

  /** While what stands there can't be read, or is from the future; null otherwise. */
  note(): Note | null {
    const { name, isBuiltIn } = this.feed;
    if (isBuiltIn) return null;
    if (!this.#isReadable) return alertOf(name, this.#unreadable());
    const aheadMs = -(this.#ageMs() ?? 0);
    if (aheadMs <= this.#deps.budgetMs) return null;
    return alertOf(name, `${name} is ${Math.round(aheadMs / MS_PER_SECOND)} s ahead of the clock`);
  }

  /** Negative where the newest reading is ahead of the clock. */
  #ageMs(): number | null {
    const newest = this.#newest;
    return newest === null ? null : newest.ageMs + this.#deps.clock.monotonicMs() - newest.atMs;
  }

  #isTooSoon(): boolean {
    return this.#deps.clock.monotonicMs() - this.#takenAtMs < this.feed.everyMs;
  }

  #take(text: unknown): void {
    const { clock, isKnown, take } = this.#deps;
    this.#takenAtMs = clock.monotonicMs();
    const { facts, isReadable } = this.#reading(text);
    this.#noteReadable(isReadable);
    const asOfMs = Math.max(...facts.map((fact) => fact.asOfMs));
    if (isReadable && Number.isFinite(asOfMs)) {
      this.#newest = { atMs: this.#takenAtMs, ageMs: clock.nowMs() - asOfMs };
    }
    const isTaken = facts.every((fact) => isKnown(fact) || take(fact));
    this.#text = isTaken ? text : null;
  }

  /** A stranger may write anything: a parser that trips over it does not end the trader. */
  #reading(text: unknown): FeedReading {
    const { feed } = this;
    try {
      const reading = feed.read(text, feed.name);
      if (reading.facts.length <= FACTS_MAX) return reading;
    } catch {
      // As below.
    }
    return { facts: [], isReadable: false };
  }

  #noteReadable(isReadable: boolean): void {
    const { map, key, what } = this.feed;
    if (!isReadable) this.counts.unreadable += 1;
    if (isReadable === this.#isReadable) return;
    this.#isReadable = isReadable;
    if (isReadable) this.#deps.say("info", `${map} ${key} holds a ${what} again`);
    else this.#deps.say("warn", this.#unreadable());
  }

  #unreadable(): string {
    const { map, key, what, otherwise } = this.feed;
    return `${map} ${key} holds no ${what}: ${otherwise}`;
  }
}
