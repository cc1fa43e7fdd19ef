/**
 * Updates a text in Hazelcast that has several writers: reads it, computes the new text, and stores that only if the
 * text has not changed (optimistic concurrency). Invariant: no other writer's update is lost.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { IMap } from "hazelcast-client";
import type { HazelcastHandle } from "../hazelcast/hazelcast-client.ts";
import { swapText } from "../hazelcast/swap-text.ts";

export type FeatureStore = {
  /** `change` may be called repeatedly, and must depend only on its argument; null leaves the text as it is. */
  change(at: { readonly map: string; readonly key: string }, change: TextChange): Promise<void>;
  read(map: string, key: string): Promise<unknown>;
};

type TextChange = (before: unknown) => string | null;

/** Each failed try means that another update succeeded: there are never so many writers at once. */
const TRIES_MAX = 500;
const PAUSE_MS_MAX = 20;

/** @throws {HazelcastUnavailable} when it does not answer; the last update may have been made */
export function createFeatureStore(hazelcast: HazelcastHandle): FeatureStore {
  const mapOf = (name: string): Promise<IMap<string, unknown>> => hazelcast.client.getMap(name);
  const read = (map: string, key: string): Promise<unknown> =>
    hazelcast.call(`get ${key} of ${map}`, async () => (await mapOf(map)).get(key));
  return {
    read,
    async change({ map, key }, change) {
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const before = await read(map, key);
        const after = change(before);
        if (after === null) return;
        const isDone = await hazelcast.call(`compare-and-set of ${key}`, async () =>
          swapText(await mapOf(map), key, { before, after }),
        );
        if (isDone) return;
        await delay(Math.random() * Math.min(tries, PAUSE_MS_MAX));
      }
      throw new Error(`${key} of ${map} was changed by others ${TRIES_MAX} times in a row`);
    },
  };
}
