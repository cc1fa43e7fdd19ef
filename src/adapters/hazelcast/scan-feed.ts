/**
 * A trader's view of Hazelcast: scans and other feeds as events, the ringbuffer for missed events, and the maps that
 * it writes.
 */
import type { IMap } from "hazelcast-client";
import { SAFETY_KEY, SAFETY_MAP } from "../../wire/safety/posture-value.ts";
import { FEATURES_MAP, HEARTBEAT_MAP, LATEST_KEY, SCANS_RING } from "../../wire/scan-value.ts";
import { type FeedListener, FeedListeners } from "./feed-listeners.ts";
import type { HazelcastHandle } from "./hazelcast-client.ts";

export type ScanFeed = {
  /**
   * Registers these listeners in place of those registered before. The client re-registers them itself when it
   * reconnects. Returns their ids.
   */
  listen(listeners: readonly FeedListener[]): Promise<readonly string[]>;
  read(map: string, key: string): Promise<unknown>;
  readLatest(): Promise<unknown>;
  readPosture(): Promise<unknown>;
  /** The newest `count` values of the ring, newest last, in batches; fewer if it holds fewer. */
  ringTail(count: number): AsyncGenerator<readonly unknown[]>;
  /** A compare-and-set: replaces only this value, or no value when it is null. */
  replacePosture(before: unknown, text: string): Promise<void>;
  put(map: string, key: string, text: string): Promise<void>;
  /** Returns what it replaced. */
  putHeartbeat(service: string, text: string): Promise<unknown>;
  readHeartbeat(service: string): Promise<unknown>;
};

const RING_READ_MAX = 100;

export function createScanFeed(hazelcast: HazelcastHandle): ScanFeed {
  const { client } = hazelcast;
  const mapOf = (name: string): Promise<IMap<string, unknown>> => client.getMap(name);
  const listeners = new FeedListeners({ mapOf, call: (...of) => hazelcast.call(...of) });
  const read = (map: string, key: string) =>
    hazelcast.call(`get ${key} of ${map}`, async () => (await mapOf(map)).get(key));
  return {
    listen: (these) => listeners.listen(these),
    read,
    async readLatest() {
      const latest = await read(FEATURES_MAP, LATEST_KEY);
      // Hazelcast answers, and this runs once a second.
      void listeners.endOthers();
      return latest;
    },
    readPosture: () => read(SAFETY_MAP, SAFETY_KEY),
    async *ringTail(count) {
      const ring = await client.getRingbuffer<unknown>(SCANS_RING);
      const ends = () => Promise.all([ring.headSequence(), ring.tailSequence()]);
      const [head, tail] = await hazelcast.call("ends of the ringbuffer", ends);
      const last = tail.toNumber();
      let next = Math.max(head.toNumber(), last - count + 1);
      while (next <= last) {
        const from = next;
        const wanted = Math.min(RING_READ_MAX, last - from + 1);
        const portion = await hazelcast.call("read ringbuffer", () =>
          ring.readMany(from, 1, wanted),
        );
        yield Array.from({ length: portion.size() }, (_, at) => portion.get(at));
        next += portion.getReadCount();
      }
    },
    async replacePosture(before, text) {
      await hazelcast.call("publish the posture", async (): Promise<unknown> => {
        const map = await mapOf(SAFETY_MAP);
        if (before === null) return map.putIfAbsent(SAFETY_KEY, text);
        return map.replaceIfSame(SAFETY_KEY, before, text);
      });
    },
    put: (map, key, text) =>
      hazelcast.call(`put ${key} of ${map}`, async () => (await mapOf(map)).set(key, text)),
    readHeartbeat: (service) => read(HEARTBEAT_MAP, service),
    putHeartbeat: (service, text) =>
      hazelcast.call("put heartbeat", async () => (await mapOf(HEARTBEAT_MAP)).put(service, text)),
  };
}
