/**
 * Publishes order books in Hazelcast. A text is only overwritten while this process's own last one is still stored: a
 * second process takes over `ob_features_latest` with a higher epoch, and the first is fenced at its next write.
 * Invariant: a pending write of a fenced process finds another text there, and changes nothing.
 */
import type { IMap } from "hazelcast-client";
import { LATEST_FEATURES_KEY, parseMarker } from "../../wire/order-book/book-values.ts";
import { FEATURES_MAP, HEARTBEAT_MAP } from "../../wire/scan-value.ts";
import type { HazelcastHandle } from "../hazelcast/hazelcast-client.ts";
import { swapText } from "../hazelcast/swap-text.ts";

export type BookPublisher = {
  readonly epoch: number;
  /** @throws {BooksFenced} @throws {HazelcastUnavailable} then it may or may not have been stored */
  put(key: string, text: string): Promise<void>;
  heartbeat(service: string, text: string): Promise<void>;
};

/** A newer process has taken over: this one ends and overwrites nothing. */
export class BooksFenced extends Error {
  override readonly name = "BooksFenced";
}

const EPOCH_MAX = 2 ** 40;
const TRIES_MAX = 50;

/** Takes over from the previous publisher. `first`: the first text of the new epoch. */
export async function openBookPublisher(
  hazelcast: HazelcastHandle,
  by: { readonly instance: string; readonly first: (epoch: number) => string },
): Promise<BookPublisher> {
  const features: IMap<string, unknown> = await hazelcast.client.getMap(FEATURES_MAP);
  const heartbeats: IMap<string, unknown> = await hazelcast.client.getMap(HEARTBEAT_MAP);
  const read = (key: string) => hazelcast.call(`get ${key}`, () => features.get(key));
  const swap = (key: string, [before, after]: readonly [unknown, string]) =>
    hazelcast.call(`compare-and-set of ${key}`, () => swapText(features, key, { before, after }));
  const own = new Map<string, string>();
  const epoch = await takeOver({ read, swap, first: by.first, own });
  const newerIn = (standing: unknown) => {
    const found = parseMarker(standing);
    if (found === null || found.epoch < epoch) return null;
    // After a cluster came back empty, two processes may have the same epoch.
    return found.epoch === epoch && found.instance === by.instance ? null : found;
  };
  const fenceIfNewer = (standing: unknown): void => {
    const found = newerIn(standing);
    if (found === null) return;
    const other = `epoch ${found.epoch} of ${found.instance}`;
    throw new BooksFenced(`fenced: ${other} has passed our epoch ${epoch}`);
  };
  return {
    epoch,
    async put(key, text) {
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const last = own.get(key);
        const before = last ?? (await read(key));
        // Under a key that this process has not written yet, a newer one may have: it began with the common text.
        if (last === undefined && newerIn(before) !== null)
          fenceIfNewer(await read(LATEST_FEATURES_KEY));
        if (await swap(key, [before, text])) {
          own.set(key, text);
          return;
        }
        const standing = await read(key);
        if (standing === text) {
          // The answer was lost, but the text was stored.
          own.set(key, text);
          return;
        }
        own.delete(key);
        fenceIfNewer(standing);
        // The cluster came back empty, or another program wrote there: a newer process shows in the common text.
        if (key !== LATEST_FEATURES_KEY) fenceIfNewer(await read(LATEST_FEATURES_KEY));
      }
      throw new Error(`${key} was changed by others ${TRIES_MAX} times in a row`);
    },
    heartbeat: (service, text) =>
      hazelcast.call("put heartbeat", () => heartbeats.set(service, text)),
  };
}

type Exchange = {
  readonly read: (key: string) => Promise<unknown>;
  readonly swap: (key: string, change: readonly [unknown, string]) => Promise<boolean>;
  readonly first: (epoch: number) => string;
  readonly own: Map<string, string>;
};

async function takeOver({ read, swap, first, own }: Exchange): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const standing = await read(LATEST_FEATURES_KEY);
    const epoch = 1 + (parseMarker(standing)?.epoch ?? 0);
    if (EPOCH_MAX < epoch) throw new Error(`${LATEST_FEATURES_KEY} has an epoch beyond all starts`);
    const text = first(epoch);
    if (!(await swap(LATEST_FEATURES_KEY, [standing, text]))) continue;
    own.set(LATEST_FEATURES_KEY, text);
    return epoch;
  }
  throw new Error(`${LATEST_FEATURES_KEY} was taken over by others ${TRIES_MAX} times in a row`);
}
