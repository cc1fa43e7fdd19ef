/**
 * What pages read besides the status: views of files in a thread, and a connection to Hazelcast. Both are made when a
 * page asks first, and anew where the configuration is another one by then.
 */
import {
  configuredCluster,
  connectHazelcast,
  type HazelcastHandle,
} from "../../adapters/hazelcast/hazelcast-client.ts";
import { type AskViews, openViews } from "../../operations/view/ask-views.ts";
import type { Surroundings } from "./surroundings.ts";

export type Reading = {
  views(): AskViews;
  hazelcast(): Promise<HazelcastHandle>;
  close(): Promise<void>;
};

/** A page waits for no more than this. */
const DEADLINE_MS = 1_500;

export function createReading(surroundings: () => Surroundings): Reading {
  const views = keptBy<AskViews>((one) => one.close());
  const connection = keptBy<Promise<HazelcastHandle>>(async (one) => (await one).shutdown());
  return {
    views() {
      const { data_dir: dataDir, trader, green } = surroundings().config;
      const deps = { dataDir, configuration: { trader, green } };
      return views.of(JSON.stringify(deps), () => openViews(deps));
    },
    hazelcast() {
      // All of it: `prefix` says which maps are ours.
      const where = configuredCluster(surroundings().config.hazelcast);
      return connection.of(JSON.stringify(where), () =>
        connectHazelcast({ ...where, name: "dolphin-dashboard", deadlineMs: DEADLINE_MS }),
      );
    },
    close: async () => {
      await Promise.all([views.end(), connection.end()]);
    },
  };
}

/** One thing at a time: another key ends what was there. */
function keptBy<T>(close: (one: T) => Promise<void>) {
  let kept: { readonly key: string; readonly one: T } | null = null;
  const closing = new Set<Promise<unknown>>();
  const giveUp = (one: T): void => {
    const closed = close(one).catch(() => undefined);
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  };
  return {
    of(key: string, open: () => T): T {
      if (kept?.key === key) return kept.one;
      if (kept !== null) giveUp(kept.one);
      kept = { key, one: open() };
      return kept.one;
    },
    async end(): Promise<void> {
      if (kept !== null) giveUp(kept.one);
      kept = null;
      await Promise.all(closing);
    },
  };
}
