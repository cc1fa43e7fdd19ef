/** The scan bridge's data in Hazelcast: checkpoint, latest scan, ringbuffer, done files, heartbeat. */
import {
  CHECKPOINT_KEY,
  DONE_MAP,
  FEATURES_MAP,
  HEARTBEAT_MAP,
  LATEST_KEY,
  SCANS_RING,
} from "../../wire/scan-value.ts";
import { type IMap, Predicates } from "hazelcast-client";
import { swapText } from "./swap-text.ts";
import type { HazelcastHandle } from "./hazelcast-client.ts";

/** A string when we wrote it, a string or FOREIGN when another program did, null when absent. */
export type RawValue = unknown;

export type ScanStore = {
  readLatest(): Promise<RawValue>;
  readCheckpoint(): Promise<RawValue>;
  /** Compare-and-set: true when `previous` was stored and `next` is stored now. */
  swapLatest(previous: RawValue, next: string): Promise<boolean>;
  swapCheckpoint(previous: RawValue, next: string): Promise<boolean>;
  addToRing(values: readonly string[]): Promise<void>;
  ringSize(): Promise<number>;
  /** The newest values of the ring, at most `count`, oldest first. */
  readRingTail(count: number): Promise<readonly unknown[]>;
  putDone(entries: readonly (readonly [string, string])[]): Promise<void>;
  /** The done files whose hash begins with this hexadecimal digit: all at once may be too many. */
  readDonePart(digit: string): Promise<readonly (readonly [string, unknown])[]>;
  readDoneOf(files: readonly string[]): Promise<readonly (readonly [string, unknown])[]>;
  putHeartbeat(service: string, value: string): Promise<void>;
};

const RING_READ_MAX = 500;
const NAMES_PER_CALL = 1_000;

export function createScanStore(hazelcast: HazelcastHandle): ScanStore {
  const proxies = lazily(async () => {
    const found = await findProxies(hazelcast);
    opened = found.features;
    return found;
  });
  let opened: IMap<string, unknown> | null = null;
  const swap = (key: string, previous: RawValue, next: string) =>
    hazelcast.call(`compare-and-set of ${key}`, () =>
      // The path of a live scan: the request is sent before this returns.
      typeof previous === "string" && opened !== null
        ? opened.replaceIfSame(key, previous, next)
        : swapSlowly(key, previous, next),
    );
  const swapSlowly = async (key: string, before: RawValue, after: string) =>
    swapText((await proxies()).features, key, { before, after });
  const read = (key: string) =>
    hazelcast.call(`get ${key}`, async () => (await proxies()).features.get(key));
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
    ringSize: () =>
      hazelcast.call("size of ringbuffer", async () =>
        (await (await proxies()).ring.size()).toNumber(),
      ),
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
      hazelcast.call("read done files", async () => donePart((await proxies()).done, digit)),
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

/** Every hash begins with one of sixteen digits, which gives sixteen parts of similar size. */
async function donePart(done: IMap<string, unknown>, digit: string) {
  try {
    const found = await done.entrySetWithPredicate(Predicates.like("this", `%"hash":"${digit}%`));
    return found.filter(([file]: readonly unknown[]) => typeof file === "string");
  } catch {
    // The member can't deserialise a value that another program left there, and reports that by any error: then names
    // alone are requested. While the member is away it does not answer that either.
    return donePartByName(done, digit);
  }
}

async function donePartByName(done: IMap<string, unknown>, digit: string) {
  const keys: unknown[] = [...(await done.keySet())];
  const part = Number.parseInt(digit, 16);
  const files = keys.filter(
    (key): key is string => typeof key === "string" && partOf(key) === part,
  );
  const entries: [string, unknown][] = [];
  for (let from = 0; from < files.length; from += NAMES_PER_CALL) {
    entries.push(...(await done.getAll(files.slice(from, from + NAMES_PER_CALL))));
  }
  return entries;
}

/** By the name alone, so that a file's part does not depend on other entries. */
function partOf(file: string): number {
  let sum = 0;
  for (let at = 0; at < file.length; at += 1) sum += file.charCodeAt(at);
  return sum % 16;
}

/** Makes a value once; a failure is not cached, so the next call tries again. */
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
