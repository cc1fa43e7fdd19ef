/**
 * The state of the service that feeds a trader, from its heartbeat in Hazelcast, so that a trader without scans can
 * say whose fault it is. The trader's work does not depend on it.
 */
import type { ScanFeed } from "../../../adapters/hazelcast/scan-feed.ts";
import type { DependencyState } from "../../../domain/supervision/ties.ts";
import { parseHeartbeat } from "../../../wire/facts/heartbeat.ts";

export type FeederWatchDeps = {
  readonly feed: Pick<ScanFeed, "readHeartbeat">;
  readonly service: string;
  readonly monotonicMs: () => number;
};

/** Beats come each second; a service silent for this long is gone. */
const SILENT_MS_MAX = 10_000;

export class FeederWatch {
  readonly #deps: FeederWatchDeps;
  #isLooking = false;
  #beat: string | null = null;
  /** When the beat changed, or was first looked for after a time in which nobody could look. */
  #changedMs: number | null = null;
  #isSick = false;

  constructor(deps: FeederWatchDeps) {
    this.#deps = deps;
  }

  /** Never rejects. One look at a time. */
  async poll(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const heartbeat = parseHeartbeat(await this.#deps.feed.readHeartbeat(this.#deps.service));
      const beat = heartbeat?.updated_at ?? null;
      if (beat !== this.#beat) this.#changedMs = null;
      this.#beat = beat;
      this.#changedMs ??= this.#deps.monotonicMs();
      const states = Object.values(heartbeat?.facts?.dependencies ?? {});
      this.#isSick = states.some((state) => state !== "ok");
    } catch {
      // Time in which nobody could look does not count as silence.
      this.#changedMs = null;
    } finally {
      this.#isLooking = false;
    }
  }

  /** For the service's facts; empty while unknown. */
  states(): Readonly<Record<string, DependencyState>> {
    if (this.#changedMs === null) return {};
    const silentMs = this.#deps.monotonicMs() - this.#changedMs;
    const working = this.#isSick ? "error" : "ok";
    return { [this.#deps.service]: SILENT_MS_MAX <= silentMs ? "down" : working };
  }
}
