/**
 * The dependencies of the forewarner's activities: the data directory, a thread, and a short-lived connection to
 * Hazelcast.
 */
import type { ForewarnWorld } from "../../activities/forewarn.ts";
import { wallMicros, wallMs } from "../../adapters/clock.ts";
import { hasSearchAttributes, type TemporalClient } from "../../adapters/temporal-client.ts";
import type { Config } from "../../config.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { configuredForewarn } from "../../operations/forewarn/configured-forewarn.ts";
import { runForewarnTask } from "../../operations/forewarn/forewarn-task.ts";
import { FOREWARN_KEY, pushedForecast } from "../../wire/forewarn/forewarn-record.ts";
import { FEATURES_MAP } from "../../wire/scan-value.ts";

const CONNECT_WITHIN_MS = 20_000;

export function forewarnWorld(config: Config, temporal: TemporalClient): ForewarnWorld {
  return {
    make: (asked, signal) =>
      runForewarnTask(
        { ...configuredForewarn(config, asked), nowMs: wallMs() },
        { signal, onProblem: () => {} },
      ),
    push: (text) => push(config, text),
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  };
}

/** Once a day: a permanent connection would cost more than it saves. */
async function push(config: Config, text: string): Promise<boolean> {
  const [{ configuredCluster, connectHazelcast }, { createFeatureStore }] = await Promise.all([
    import("../../adapters/hazelcast/hazelcast-client.ts"),
    import("../../adapters/indicators/feature-store.ts"),
  ]);
  const hazelcast = await connectHazelcast({
    ...configuredCluster(config.hazelcast),
    name: "dolphin-forewarner",
  });
  try {
    if (!(await hazelcast.waitConnected(CONNECT_WITHIN_MS))) {
      throw new Error(`Hazelcast at ${config.hazelcast.address} does not answer`);
    }
    let isPushed = false;
    const place = { map: FEATURES_MAP, key: FOREWARN_KEY };
    await createFeatureStore(hazelcast).change(place, (before) => {
      const after = pushedForecast(before, text, isoFromMicros(wallMicros()));
      isPushed = after !== null;
      return after;
    });
    return isPushed;
  } finally {
    await hazelcast.shutdown();
  }
}
