/**
 * Takes the values of one feed: each becomes events of the book's log, in the order of receipt. A value that can't be
 * parsed is counted and reported, and stops nothing. Invariant: a value that the book already has is not recorded
 * again, and one that the journal did not accept is taken at a later look.
 */
import type { InputFact, Note } from "../../../domain/supervision/verdict.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import { alertOf } from "../../../wire/facts/bridge-facts.ts";
import type { Feed, FeedFact, FeedReading } from "../../../wire/feeds/feeds.ts";

export type FeedIntakeDeps = {
  readonly feed: Feed;
  /** Reads the present value in Hazelcast. */
  readonly read: () => Promise<unknown>;
  /** Whether the book has this value already. */
  readonly isKnown: (fact: FeedFact) => boolean;
  /** False when the journal did not accept it. */
  readonly take: (fact: FeedFact) => boolean;
  /** Age budget for an entry. */
  readonly budgetMs: number;
  readonly clock: { readonly nowMs: () => number; readonly monotonicMs: () => number };
  readonly say: (level: "info" | "warn", line: string) => void;
};

/**
 * Most facts of one value: each is an event in the log, and scans wait while they are written. A value with more is
 * refused, because a part of it would be taken for all.
 */
const FACTS_MAX = 64;

export class FeedIntake {
  readonly feed: Feed;
  readonly counts = { heard: 0, unreadable: 0 };
  readonly #deps: FeedIntakeDeps;
  /** The last value that was taken. */
  #text: unknown = null;
  #takenAtMs = -Infinity;
  #isReadable = true;
  /** When the newest valid value arrived, and its age then: negative where it was ahead of the clock. */
  #newest: { readonly atMs: number; readonly ageMs: number } | null = null;

  constructor(deps: FeedIntakeDeps) {
    this.#deps = deps;
    this.feed = deps.feed;
  }

  /** Takes a listener's event. */
  hear(text: unknown): void {
    this.counts.heard += 1;
    // Values left out here are covered by a later look, which finds the newest.
    if (this.#isTooSoon()) return;
    this.#take(text);
  }

  /** Takes a value that no event brought. Rejects while Hazelcast does not answer. */
  async look(): Promise<void> {
    const { heard } = this.counts;
    const text = await this.#deps.read();
    // A value that arrived during this read is newer.
    if (heard !== this.counts.heard || text === null || text === this.#text) return;
    if (this.#isTooSoon()) return;
    this.#take(text);
  }

  /** The input in the service's facts; null where the book's own state reports it. */
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

  /** Set while the stored value is invalid or from the future; else null. */
  note(): Note | null {
    const { name, isBuiltIn } = this.feed;
    if (isBuiltIn) return null;
    if (!this.#isReadable) return alertOf(name, this.#unreadable());
    const aheadMs = -(this.#ageMs() ?? 0);
    if (aheadMs <= this.#deps.budgetMs) return null;
    return alertOf(name, `${name} is ${Math.round(aheadMs / MS_PER_SECOND)} s ahead of the clock`);
  }

  /** Negative where the newest value is ahead of the clock. */
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

  /** Another program may write anything: a parser that fails on it must not end the trader. */
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
