/**
 * Notices that another process publishes as the same service into the same Hazelcast, as two stacks on one cluster do:
 * each overwrites what the other has published, and a reader sees now one book and now the other. It is known by the
 * heartbeat that stands where this process wrote its own a second before.
 */
import { jsonRecord } from "../../domain/json-record.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { VerdictNote } from "../../domain/supervision/verdict.ts";
import { alertOf } from "../../wire/facts/bridge-facts.ts";

/** A predecessor that is just ending has at most a last one or two. */
const SIGHTINGS_MIN = 3;
const FORGOTTEN_AFTER_MS = 10 * MS_PER_SECOND;

export type Publisher = {
  readonly service: string;
  readonly pid: number;
  readonly host: string;
  readonly started_at: string;
};

export class RivalPublisher {
  readonly #own: Publisher;
  #sightings = 0;
  #seenAtMs = Number.NEGATIVE_INFINITY;
  #rival = "";

  constructor(own: Publisher) {
    this.#own = own;
  }

  /** `before`: what our heartbeat has replaced; anything but a text where the adapter does not say it. */
  replaced(before: unknown, nowMs: number): void {
    const { pid, host, started_at } =
      (typeof before === "string" ? jsonRecord(before) : null) ?? {};
    if (typeof started_at !== "string") return;
    const own = this.#own;
    if (pid === own.pid && host === own.host && started_at === own.started_at) return;
    const rival = `pid ${String(pid)} on ${String(host)}, since ${started_at}`;
    const isAgain = rival === this.#rival && !this.#isForgotten(nowMs);
    this.#sightings = isAgain ? this.#sightings + 1 : 1;
    this.#seenAtMs = nowMs;
    this.#rival = rival;
  }

  notes(nowMs: number): readonly VerdictNote[] {
    if (this.#sightings < SIGHTINGS_MIN || this.#isForgotten(nowMs)) return [];
    const { service } = this.#own;
    return [
      alertOf(
        "publication",
        `another ${service} (${this.#rival}) publishes to this Hazelcast, and each overwrites what the other has published: ` +
          "stop one of the two stacks, or give one a hazelcast.prefix or a cluster of its own",
      ),
    ];
  }

  #isForgotten(nowMs: number): boolean {
    return FORGOTTEN_AFTER_MS < nowMs - this.#seenAtMs;
  }
}
