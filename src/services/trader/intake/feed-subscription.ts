/**
 * Subscribes to scans and feeds, and compares them once a second with the values in Hazelcast: a listener that died,
 * on either side, is detected by the first scan that it misses, and all are registered again.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ScanFeed } from "../../../adapters/hazelcast/scan-feed.ts";
import { messageOf } from "../../../domain/failure.ts";
import { FEATURES_MAP, LATEST_KEY, parseScanHead } from "../../../wire/scan-value.ts";
import type { FeedIntake } from "./feed-intake.ts";

export type FeedSubscriptionDeps = {
  readonly feed: Pick<ScanFeed, "listen" | "readLatest">;
  readonly onScan: (text: unknown) => void;
  readonly feeds: readonly Pick<FeedIntake, "feed" | "hear" | "poll">[];
  /** The newest seq that an event brought. */
  readonly heardSeq: () => number;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** An event may still be on its way while its scan is read. */
const ON_ITS_WAY_MS = 300;

export class FeedSubscription {
  /** False while Hazelcast does not answer. */
  isAnswered = false;
  listenerDeaths = 0;
  #isListening = false;
  #isLooking = false;
  readonly #deps: FeedSubscriptionDeps;

  constructor(deps: FeedSubscriptionDeps) {
    this.#deps = deps;
  }

  /** Never rejects. One look at a time. */
  async poll(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#compare();
      if (!this.isAnswered) this.#deps.say("info", "Hazelcast answers");
      this.isAnswered = true;
    } catch (error) {
      if (this.isAnswered) this.#deps.say("warn", messageOf(error));
      this.isAnswered = false;
    } finally {
      this.#isLooking = false;
    }
  }

  async #compare(): Promise<void> {
    const { feed, feeds, onScan, heardSeq, say } = this.#deps;
    const wasListening = this.#isListening;
    if (!wasListening) await this.#listen();
    const [latest] = await Promise.all([feed.readLatest(), ...feeds.map((one) => one.poll())]);
    const seq = parseScanHead(latest)?.seq ?? 0;
    if (seq <= heardSeq()) return;
    if (wasListening) {
      await delay(ON_ITS_WAY_MS);
      if (seq <= heardSeq()) return;
      this.listenerDeaths += 1;
      say("warn", `seq ${seq} was not heard: the listener is registered anew`);
      this.#isListening = false;
      await this.#listen();
    }
    onScan(latest);
  }

  async #listen(): Promise<void> {
    const { feed, feeds, onScan } = this.#deps;
    await feed.listen([
      { map: FEATURES_MAP, key: LATEST_KEY, hear: onScan },
      ...feeds.map((one) => ({
        map: one.feed.map,
        key: one.feed.key,
        hear: (text: unknown) => one.hear(text),
      })),
    ]);
    this.#isListening = true;
  }
}
