/** Pushes a forecast to Hazelcast for all readers beside the watchdog, unless a newer one stands there. */
import { wallMicros } from "../../adapters/clock.ts";
import type { Config } from "../../config.ts";
import { FOREWARN_KEY, pushedForecast } from "../../wire/forewarn/forewarn-record.ts";
import { FEATURES_MAP } from "../../wire/scan-value.ts";

/**
 * @param text the whole forecast as JSON
 * @returns false if a newer one, or the same, stands there
 * @throws when Hazelcast does not answer within the time
 */
export async function pushForewarning(
  { hazelcast: cluster }: Pick<Config, "hazelcast">,
  text: string,
  withinMs: number,
): Promise<boolean> {
  // Once a day: a permanent connection would cost more than it saves, and so would the packages.
  const [{ configuredCluster, connectHazelcast }, { createFeatureStore }] = await Promise.all([
    import("../../adapters/hazelcast/hazelcast-client.ts"),
    import("../../adapters/indicators/feature-store.ts"),
  ]);
  const hazelcast = await connectHazelcast({
    ...configuredCluster(cluster),
    name: "dolphin-forewarner",
  });
  try {
    if (!(await hazelcast.waitConnected(withinMs))) {
      throw new Error(`Hazelcast at ${cluster.address} does not answer`);
    }
    let isPushed = false;
    const place = { map: FEATURES_MAP, key: FOREWARN_KEY };
    await createFeatureStore(hazelcast).change(place, (before) => {
      const after = pushedForecast(before, text, wallMicros());
      isPushed = after !== null;
      return after;
    });
    return isPushed;
  } finally {
    await hazelcast.shutdown();
  }
}
