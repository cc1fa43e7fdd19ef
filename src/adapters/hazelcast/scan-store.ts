/** What the scan bridge keeps in Hazelcast: checkpoint, latest scan, ringbuffer, done files, heartbeat. */
import {
  CHECKPOINT_KEY,
  DONE_MAP,
  FEATURES_MAP,
  HEARTBEAT_MAP,
  LATEST_KEY,
  SCANS_RING,
} from "../../wire/scan-value.ts";
import { HazelcastSerializationError, type IMap, Predicates } from "hazelcast-client";
import type { HazelcastHandle } from "./hazelcast-client.ts";

/** Raw as found: a string when we wrote it, anything when somebody else did, null when absent. */
export type RawValue = unknown;

/** Stands for a value that this client has no serializer for. */
const UNREADABLE = Symbol("unreadable");

export type ScanStore = {
  readLatest(): Promise<RawValue>;
  readCheckpoint(): Promise<RawValue>;
  /** True when `previous` stood there and `next` stands there now. */
  swapLatest(previous: RawValue, next: string): Promise<boolean>;
  swapCheckpoint(previous: RawValue, next: string): Promise<boolean>;
  addToRing(values: readonly string[]): Promise<void>;
  /** The newest values of the ring, at most `count`, oldest first. */
  readRingTail(count: number): Promise<readonly unknown[]>;
  putDone(entries: readonly (readonly [string, string])[]): Promise<void>;
  /** The done files whose hash begins with a hexadecimal digit: all at once may be too many. */
  readDonePart(digit: string): Promise<readonly (readonly [string, unknown])[]>;
  readDoneOf(files: readonly string[]): Promise<readonly (readonly [string, unknown])[]>;
  putHeartbeat(service: string, value: string): Promise<void>;
};

const RING_READ_MAX = 500;

export function createScanStore(hazelcast: HazelcastHandle): ScanStore {
  const proxies = lazily(async () => {
    const found = await findProxies(hazelcast);
    opened = found.features;
    return found;
  });
  let opened: IMap<string, unknown> | null = null;
  const swap = (key: string, previous: RawValue, next: string) =>
    hazelcast.call(`compare-and-set of ${key}`, () =>
      // The way of a live scan: sent before this returns.
      typeof previous === "string" && opened !== null
        ? opened.replaceIfSame(key, previous, next)
        : swapSlowly(key, previous, next),
    );
  const swapSlowly = async (key: string, previous: RawValue, next: string) => {
    const { features } = await proxies();
    if (typeof previous === "string") return features.replaceIfSame(key, previous, next);
    // What others wrote there may not come back as the same bytes (Python's whole numbers do not),
    // so it can't be compared: it is removed, unless a bridge has written there meanwhile.
    if (previous !== null) {
      if (typeof (await readableFrom(features, key)) === "string") return false;
      await features.delete(key);
    }
    return (await features.putIfAbsent(key, next)) === null;
  };
  const read = (key: string) =>
    hazelcast.call(`get ${key}`, async () => readableFrom((await proxies()).features, key));
  return {
    readLatest: () => read(LATEST_KEY),
    readCheckpoint: () => read(CHECKPOINT_KEY),
    swapLatest: (previous, next) => swap(LATEST_KEY, previous, next),
    swapCheckpoint: (previous, next) => swap(CHECKPOINT_KEY, previous, next),
    addToRing: (values) =>
      hazelcast.call("add to ringbuffer", async () => {
        const { ring } = await proxies();
        const [only] = values;
        if (values.length === 1 && only !== undefined) await ring.add(only);
        else await ring.addAll([...values]);
      }),
    readRingTail: (count) =>
      hazelcast.call("read ringbuffer", async () => {
        const { ring } = await proxies();
        const tail = (await ring.tailSequence()).toNumber();
        const head = (await ring.headSequence()).toNumber();
        const values: unknown[] = [];
        let next = Math.max(head, tail - count + 1);
        while (next <= tail) {
          const wanted = Math.min(RING_READ_MAX, tail - next + 1);
          const chunk = await ring.readMany(next, 1, wanted);
          for (let i = 0; i < chunk.size(); i += 1) values.push(chunk.get(i));
          next += chunk.size();
        }
        return values;
      }),
    putDone: (entries) =>
      hazelcast.call("put done files", async () => {
        await (await proxies()).done.putAll(entries.map(([file, text]) => [file, text]));
      }),
    readDonePart: (digit) =>
      hazelcast.call("read done files", async () =>
        // Every hash begins with one of sixteen digits: sixteen parts of about the same size.
        (await proxies()).done.entrySetWithPredicate(Predicates.like("this", `%"hash":"${digit}%`)),
      ),
    readDoneOf: (files) =>
      hazelcast.call("read done files", async () => (await proxies()).done.getAll([...files])),
    putHeartbeat: (service, value) =>
      hazelcast.call("put heartbeat", async () => (await proxies()).heartbeats.set(service, value)),
  };
}

async function findProxies({ client }: HazelcastHandle) {
  const [features, done, heartbeats, ring] = await Promise.all([
    client.getMap<string, unknown>(FEATURES_MAP),
    client.getMap<string, unknown>(DONE_MAP),
    client.getMap<string, unknown>(HEARTBEAT_MAP),
    client.getRingbuffer<unknown>(SCANS_RING),
  ]);
  return { features, done, heartbeats, ring };
}

async function readableFrom(map: IMap<string, unknown>, key: string): Promise<RawValue> {
  try {
    return await map.get(key);
  } catch (error) {
    // A RangeError: no serializer is known for its type.
    if (error instanceof HazelcastSerializationError || error instanceof RangeError) {
      return UNREADABLE;
    }
    throw error;
  }
}

/** Makes a value once; a failure is not kept, so that the next call tries again. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}
