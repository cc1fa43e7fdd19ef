/**
 * Turns the values of one feed into events of the book's log, in the order of their arrival. An unreadable value is
 * counted and reported, and stops nothing. A value that states its publication time waits for the first scan of that
 * time or later. A run over the archive knows nothing else, so this makes it read the same value at the same scan; of
 * several values between two scans only the newest is logged. Invariant: a reading that the book already has is not
 * recorded again, and one that the journal could not store is retried at a later look.
 */
import type { InputFact, VerdictNote } from "../../../domain/supervision/verdict.ts";
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
 * Most facts of one value: those of the fifty symbols that an indicator can have, with details of each. Each is an event
 * in the log, and scans wait while they are written. A value with more is refused, because a part of it would be taken
 * for all.
 */
const FACTS_MAX = 256;

/** Values that arrive closer together than this are not read: our own services publish at most ten times a second. */
const READ_APART_MS = 50;
/** How long a value waits if no scan of its time comes: there are none, they are late, or clocks differ. */
const WAITING_MS_MAX = 2_000;
/** Most waiting values of a feed: as many as a flood brings until the oldest is taken in any case. */
const WAITING_MAX = WAITING_MS_MAX / READ_APART_MS;

type WaitingValue = {
  readonly facts: readonly FeedFact[];
  readonly knownMs: number;
  readonly heardAtMs: number;
};

/** What waits, to be taken now. */
export type Offer = {
  readonly intake: FeedIntake;
  /** Those that the book has not. */
  readonly facts: readonly FeedFact[];
  /** Its place among what waits. */
  readonly nth: number;
};

export class FeedIntake {
  readonly feed: Feed;
  readonly counts = { heard: 0, unreadable: 0 };
  readonly #deps: FeedIntakeDeps;
  /** The value that was taken last, or that is waiting. */
  #text: unknown = null;
  #readAtMs = -Infinity;
  #takenAtMs = -Infinity;
  readonly #waiting: WaitingValue[] = [];
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
    this.#receive(text);
  }

  /** Takes a value that no event brought. Rejects while Hazelcast does not answer. */
  async poll(): Promise<void> {
    const { heard } = this.counts;
    const text = await this.#deps.read();
    // A value that arrived during this read is newer.
    if (heard !== this.counts.heard || text === null || text === this.#text) return;
    this.#receive(text);
  }

  /** Called before a scan of this time: the newest value that was known by then, or null. */
  known(scanMs: number): Offer | null {
    return this.#offer(({ knownMs }) => knownMs <= scanMs);
  }

  /** A value that has waited too long, or null. */
  old(): Offer | null {
    if (this.#isTooSoon()) return null;
    const nowMs = this.#deps.clock.monotonicMs();
    return this.#offer(({ heardAtMs }) => WAITING_MS_MAX <= nowMs - heardAtMs);
  }

  /** All of an offer was taken: else it is made again. */
  taken({ nth }: Offer): void {
    if (nth + 1 === this.#waiting.length) this.#waiting.length = 0;
    else this.#waiting.splice(0, nth + 1);
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
  note(): VerdictNote | null {
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

  #receive(text: unknown): void {
    const { clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    // A later look finds the newest of those that are left out here.
    if (nowMs - this.#readAtMs < Math.min(READ_APART_MS, this.feed.everyMs)) return;
    this.#readAtMs = nowMs;
    const { facts, isReadable, knownMs } = this.#reading(text);
    if (knownMs === undefined && this.#isTooSoon()) return;
    this.#noteReadable(isReadable);
    const asOfMs = Math.max(...facts.map((fact) => fact.asOfMs));
    if (isReadable && Number.isFinite(asOfMs)) {
      this.#newest = { atMs: nowMs, ageMs: clock.nowMs() - asOfMs };
    }
    if (knownMs === undefined) {
      // The waiting value is older, and must not follow a newer one.
      if (isReadable) this.#waiting.length = 0;
      this.#text = this.#take(facts) ? text : null;
      return;
    }
    this.#text = text;
    this.#waiting.push({ facts, knownMs, heardAtMs: nowMs });
    // The oldest stays: else no value would ever have waited long enough.
    if (WAITING_MAX < this.#waiting.length) this.#waiting.splice(1, 1);
  }

  /** The newest of those that may be taken; it replaces all before it. */
  #offer(isIt: (waiting: WaitingValue) => boolean): Offer | null {
    const at = this.#waiting.findLastIndex(isIt);
    const found = this.#waiting[at];
    return found === undefined
      ? null
      : { intake: this, facts: this.#unknown(found.facts), nth: at };
  }

  #take(facts: readonly FeedFact[]): boolean {
    return this.#unknown(facts).every(this.#deps.take);
  }

  /** Of what is taken now, what the book has not. */
  #unknown(facts: readonly FeedFact[]): readonly FeedFact[] {
    const { clock, isKnown } = this.#deps;
    this.#takenAtMs = clock.monotonicMs();
    return facts.some(isKnown) ? facts.filter((fact) => !isKnown(fact)) : facts;
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
