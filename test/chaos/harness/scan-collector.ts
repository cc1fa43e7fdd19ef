/**
 * A consumer that misses nothing: it reads the ringbuffer continuously, through restarts of the member and of `dolphin
 * up`, keeps every value, and watches `latest_eigen_scan`.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Ringbuffer } from "hazelcast-client";
import { z } from "zod";
import {
  connectHazelcast,
  type HazelcastHandle,
} from "../../../src/adapters/hazelcast/hazelcast-client.ts";
import { HazelcastUnavailable } from "../../../src/adapters/hazelcast/under-deadline.ts";
import { FEATURES_MAP, LATEST_KEY, SCANS_RING } from "../../../src/wire/scan-value.ts";
import { CONTENT_ASSET } from "./scan-writer.ts";

const Value = z.object({
  seq: z.number().int(),
  epoch: z.number().int(),
  instance: z.string(),
  file: z.string(),
  scan_number: z.number().int(),
  replayed: z.boolean(),
  late: z.boolean(),
  asset_prices: z.record(z.string(), z.number()),
});

export type CollectedScan = {
  readonly seq: number;
  readonly epoch: number;
  readonly instance: string;
  readonly file: string;
  readonly replayed: boolean;
  readonly late: boolean;
  /** Which content the writer put there. */
  readonly content: number;
  /** On performance.now(). */
  readonly atMs: number;
};

export type Where = { readonly address: string; readonly cluster: string };

export type ScanCollector = {
  /** Every value of the ringbuffer in the order in which it was read, including repeated ones. */
  readonly values: readonly CollectedScan[];
  /** What `latest_eigen_scan` held, each change once. */
  readonly latest: readonly CollectedScan[];
  highest(): number;
  stop(): Promise<void>;
};

const PAUSE_MS = 15;
const READ_MAX = 200;
const DEADLINE_MS = 1_000;

/** `where` may change, and is null while it is not known. */
export function startCollector(where: () => Where | null): ScanCollector {
  const collector = new Collector(where);
  const gone = collector.run();
  // A failure is reported when it is stopped.
  gone.catch(() => {});
  return {
    values: collector.values,
    latest: collector.latest,
    highest: () => collector.highest,
    stop: () => {
      collector.isStopping = true;
      return gone;
    },
  };
}

class Collector {
  readonly values: CollectedScan[] = [];
  readonly latest: CollectedScan[] = [];
  highest = 0;
  isStopping = false;
  readonly #where: () => Where | null;
  #open: { readonly handle: HazelcastHandle; readonly address: string } | null = null;
  #member = "";
  #next = 0;
  #lastLatest: unknown = null;

  constructor(where: () => Where | null) {
    this.#where = where;
  }

  async run(): Promise<void> {
    while (!this.isStopping) {
      try {
        const handle = await this.#connected();
        if (handle !== null) await this.#read(handle);
      } catch (error) {
        // The bridge publishes again what a lost member held, when it is back.
        if (!(error instanceof HazelcastUnavailable)) throw error;
      }
      await delay(PAUSE_MS);
    }
    await this.#open?.handle.shutdown();
  }

  async #connected(): Promise<HazelcastHandle | null> {
    const where = this.#where();
    if (where !== null && this.#open?.address !== where.address) {
      await this.#open?.handle.shutdown();
      const handle = await connectHazelcast({ ...where, name: "chaos", deadlineMs: DEADLINE_MS });
      this.#open = { handle, address: where.address };
    }
    return this.#open?.handle.connected() === true ? this.#open.handle : null;
  }

  async #read(handle: HazelcastHandle): Promise<void> {
    const member = memberOf(handle);
    // A restarted member counts from zero: everything is read again.
    if (member !== this.#member) this.#next = 0;
    this.#member = member;
    const [features, ring] = await handle.call("proxies", () =>
      Promise.all([
        handle.client.getMap<string, unknown>(FEATURES_MAP),
        handle.client.getRingbuffer<unknown>(SCANS_RING),
      ]),
    );
    this.#note(await handle.call("latest", () => features.get(LATEST_KEY)));
    await this.#drain(handle, ring);
    // It was another member in between: the count belongs to neither.
    if (memberOf(handle) !== member) this.#member = "";
  }

  async #drain(handle: HazelcastHandle, ring: Ringbuffer<unknown>): Promise<void> {
    const { tail, head } = await handle.call("ends", async () => ({
      tail: (await ring.tailSequence()).toNumber(),
      head: (await ring.headSequence()).toNumber(),
    }));
    this.#next = Math.max(this.#next, head);
    while (this.#next <= tail) {
      const found = await handle.call("read", () => ring.readMany(this.#next, 1, READ_MAX));
      for (const text of found) this.#keep(parseValue(text));
      this.#next += found.getReadCount();
    }
  }

  #keep(value: CollectedScan): void {
    this.values.push(value);
    this.highest = Math.max(this.highest, value.seq);
  }

  #note(text: unknown): void {
    if (text === null || text === this.#lastLatest) return;
    this.#lastLatest = text;
    this.latest.push(parseValue(text));
  }
}

function memberOf(handle: HazelcastHandle): string {
  return String(handle.client.getCluster().getMembers()[0]?.uuid);
}

/** Anything else in the ringbuffer is a fault of the bridge's, and ends the test. */
function parseValue(text: unknown): CollectedScan {
  const value = Value.parse(JSON.parse(String(text)));
  const { seq, epoch, instance, file, replayed, late } = value;
  const content = Math.round(value.asset_prices[CONTENT_ASSET] ?? 0);
  return { seq, epoch, instance, file, replayed, late, content, atMs: performance.now() };
}
