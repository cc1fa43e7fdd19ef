/**
 * Changes a text in Hazelcast that several write at once: read, work out what it becomes, and put that only where
 * still stands what was read. Invariant: no update of another is lost, whatever the number of writers.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { IMap } from "hazelcast-client";
import type { HazelcastHandle } from "../hazelcast/hazelcast-client.ts";
import { swapText } from "../hazelcast/swap-text.ts";

export type FeatureStore = {
  /** The change may be asked for again and again, and decides by what it is given alone; null leaves it as it is. */
  change(at: { readonly map: string; readonly key: string }, change: TextChange): Promise<void>;
  read(map: string, key: string): Promise<unknown>;
};

type TextChange = (before: unknown) => string | null;

/** With each try somebody's change was made: so many writers at once there are not. */
const TRIES_MAX = 500;
const PAUSE_MS_MAX = 20;

/** @throws {HazelcastUnavailable} when it does not answer; what was asked last may then have been done */
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
