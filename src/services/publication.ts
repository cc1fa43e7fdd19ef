/**
 * Publishes state and profit after each scan, off the critical path of decisions: changes during one write are
 * published by the next.
 */
import type { ScanFeed } from "../adapters/hazelcast/scan-feed.ts";
import type { DayEntry } from "../domain/trading/commands.ts";
import { publishedOf } from "../domain/trading/published.ts";
import type { Trader } from "../domain/trading/trader.ts";
import {
  encodeDay,
  encodeRunningDay,
  encodeState,
  pnlMapOf,
  STATE_KEY,
  stateMapOf,
} from "../wire/trading/trader-values.ts";

export type PublicationDeps = {
  readonly trader: Trader;
  readonly feed: Pick<ScanFeed, "put">;
  readonly nowMs: () => number;
  readonly onPublished: () => void;
};

/** Days that ended while Hazelcast was away. */
const DAYS_WAITING_MAX = 31;

export class Publication {
  published = 0;
  failed = 0;
  #isDirty = false;
  #isUnderWay = false;
  #endedDays: DayEntry[] = [];
  readonly #deps: PublicationDeps;

  constructor(deps: PublicationDeps) {
    this.#deps = deps;
  }

  request(): void {
    this.#isDirty = true;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    setImmediate(() => void this.#run());
  }

  dayEnded(entry: DayEntry): void {
    this.#endedDays.push(entry);
    if (DAYS_WAITING_MAX < this.#endedDays.length) this.#endedDays.shift();
    this.request();
  }

  async #run(): Promise<void> {
    try {
      while (this.#isDirty) {
        this.#isDirty = false;
        await this.#write();
        this.published += 1;
        this.#deps.onPublished();
      }
    } catch {
      // The member is away: the next scan, or a reconnection, publishes again.
      this.failed += 1;
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #write(): Promise<void> {
    const { trader, feed, nowMs } = this.#deps;
    const state = publishedOf(trader);
    const atMs = nowMs();
    const ended = [...this.#endedDays];
    await Promise.all([
      feed.put(stateMapOf(state.book), STATE_KEY, encodeState(state, atMs)),
      ...(state.day.day === ""
        ? []
        : [feed.put(pnlMapOf(state.book), state.day.day, encodeRunningDay(state, atMs))]),
      ...ended.map((entry) => feed.put(pnlMapOf(state.book), entry.day, encodeDay(entry, atMs))),
    ]);
    this.#endedDays = this.#endedDays.filter((entry) => !ended.includes(entry));
  }
}
