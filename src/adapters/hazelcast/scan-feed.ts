/**
 * What a trader hears and tells over Hazelcast: scans and postures as events, the ringbuffer for
 * what the events left out, and maps that it writes.
 */
import type { IMap } from "hazelcast-client";
import { SAFETY_KEY, SAFETY_MAP } from "../../wire/trading/posture-value.ts";
import { FEATURES_MAP, HEARTBEAT_MAP, LATEST_KEY, SCANS_RING } from "../../wire/scan-value.ts";
import type { HazelcastHandle } from "./hazelcast-client.ts";

export type ScanFeed = {
  /**
   * Registers both listeners, in the place of those that this feed registered before. The client
   * registers them again by itself when it connects anew. Returns their ids.
   */
  listen(heard: FeedListeners): Promise<readonly string[]>;
  readLatest(): Promise<unknown>;
  readPosture(): Promise<unknown>;
  /** The newest `count` values of the ring, newest last, in portions; fewer if it holds fewer. */
  ringTail(count: number): AsyncGenerator<readonly unknown[]>;
  put(map: string, key: string, text: string): Promise<void>;
  putHeartbeat(service: string, text: string): Promise<void>;
};

export type FeedListeners = {
  readonly onScan: (text: unknown) => void;
  readonly onPosture: (text: unknown) => void;
};

const RING_READ_MAX = 100;

export function createScanFeed(hazelcast: HazelcastHandle): ScanFeed {
  const { client } = hazelcast;
  const mapOf = (name: string): Promise<IMap<string, unknown>> => client.getMap(name);
  let registered: readonly { readonly map: string; readonly id: string }[] = [];
  const listenTo = async (map: string, key: string, hear: (text: unknown) => void) => {
    const told = ({ value }: { readonly value: unknown }) => hear(value);
    const proxy = await mapOf(map);
    return { map, id: await proxy.addEntryListener({ added: told, updated: told }, key, true) };
  };
  const read = (map: string, key: string) =>
    hazelcast.call(`get ${key} of ${map}`, async () => (await mapOf(map)).get(key));
  return {
    async listen({ onScan, onPosture }) {
      const before = registered;
      registered = await hazelcast.call("listen for scans", () =>
        Promise.all([
          listenTo(FEATURES_MAP, LATEST_KEY, onScan),
          listenTo(SAFETY_MAP, SAFETY_KEY, onPosture),
        ]),
      );
      for (const { map, id } of before) {
        await hazelcast.call("end a listener", async () =>
          (await mapOf(map)).removeEntryListener(id),
        );
      }
      return registered.map(({ id }) => id);
    },
    readLatest: () => read(FEATURES_MAP, LATEST_KEY),
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
    put: (map, key, text) =>
      hazelcast.call(`put ${key} of ${map}`, async () => (await mapOf(map)).set(key, text)),
    putHeartbeat: (service, text) =>
      hazelcast.call("put heartbeat", async () => (await mapOf(HEARTBEAT_MAP)).set(service, text)),
  };
}
