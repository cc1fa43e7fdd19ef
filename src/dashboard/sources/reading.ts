/**
 * The pages' data beside the status: views of files in a thread, and a connection to Hazelcast. Both are opened at
 * the first request, and reopened when the configuration has changed.
 */
import {
  configuredCluster,
  connectHazelcast,
  type HazelcastHandle,
} from "../../adapters/hazelcast/hazelcast-client.ts";
import { type AskViews, openViews } from "../../operations/view/ask-views.ts";
import type { Surroundings } from "./surroundings.ts";

export type DataReaders = {
  views(): AskViews;
  hazelcast(): Promise<HazelcastHandle>;
  close(): Promise<void>;
};

/** The longest that a page waits. */
const DEADLINE_MS = 1_500;

export function createReading(surroundings: () => Surroundings): DataReaders {
  const views = keptBy<AskViews>((one) => one.close());
  const connection = keptBy<Promise<HazelcastHandle>>(async (one) => (await one).shutdown());
  return {
    views() {
      const { data_dir: dataDir, trader, green } = surroundings().config;
      const deps = { dataDir, configuration: { trader, green } };
      return views.of(JSON.stringify(deps), () => openViews(deps));
    },
    hazelcast() {
      // All of it, because `prefix` determines the names of our maps.
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

/** Keeps one resource at a time: another key closes the previous one. */
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
