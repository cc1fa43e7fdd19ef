/**
 * Looks once a second at what stands in Hazelcast, and compares it with what was heard: a listener
 * that died, on either side, is noticed by the first scan that it misses, and registered anew.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { FeedListeners, ScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import { messageOf } from "../../domain/failure.ts";
import { parseScanHead } from "../../wire/scan-value.ts";

export type CanaryDeps = {
  readonly feed: Pick<ScanFeed, "listen" | "readLatest" | "readPosture">;
  readonly listeners: FeedListeners;
  /** The newest seq that an event brought. */
  readonly heardSeq: () => number;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** An event may be on its way while its scan is read. */
const ON_ITS_WAY_MS = 300;

export class Canary {
  /** False while Hazelcast does not answer. */
  isAnswered = false;
  listenerDeaths = 0;
  #isListening = false;
  #isLooking = false;
  #postureText: unknown = null;
  #posturesHeard = 0;
  readonly #deps: CanaryDeps;

  constructor(deps: CanaryDeps) {
    this.#deps = deps;
  }

  /** Never rejects. One look at a time. */
  async look(): Promise<void> {
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

  /** So that a posture which stood there before is not taken for news. */
  postureHeard(text: unknown): void {
    this.#postureText = text;
    this.#posturesHeard += 1;
  }

  async #compare(): Promise<void> {
    const { feed, listeners, heardSeq, say } = this.#deps;
    const wasListening = this.#isListening;
    if (!wasListening) {
      await feed.listen(listeners);
      this.#isListening = true;
    }
    const heardBefore = this.#posturesHeard;
    const [latest, posture] = await Promise.all([feed.readLatest(), feed.readPosture()]);
    // What was heard while the scan was still being read is newer than what stood there.
    const isNewest = heardBefore === this.#posturesHeard;
    if (isNewest && posture !== null && posture !== this.#postureText) {
      listeners.onPosture(posture);
    }
    const seq = parseScanHead(latest)?.seq ?? 0;
    if (seq <= heardSeq()) return;
    if (wasListening) {
      await delay(ON_ITS_WAY_MS);
      if (seq <= heardSeq()) return;
      this.listenerDeaths += 1;
      say("warn", `seq ${seq} was not heard: the listener is registered anew`);
      this.#isListening = false;
      await feed.listen(listeners);
      this.#isListening = true;
    }
    listeners.onScan(latest);
  }
}
