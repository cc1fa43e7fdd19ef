/** Everything that health examines in Hazelcast, read together, unparsed. */
import type { ThinClient } from "../../adapters/hazelcast/thin-client.ts";
import type { FeedSpec } from "../../domain/health/feeds.ts";
import { HEARTBEAT_MAP } from "../../wire/scan-value.ts";

export type HazelcastValues = {
  /** By the feed's name. */
  readonly feeds: ReadonlyMap<string, unknown>;
  /** By service. */
  readonly heartbeats: ReadonlyMap<string, unknown>;
};

/** @throws {Error} when one of them was not answered in time. */
export async function readHazelcastValues(
  hazelcast: Pick<ThinClient, "get">,
  feeds: readonly FeedSpec[],
  services: readonly string[],
): Promise<HazelcastValues> {
  const [texts, beats] = await Promise.all([
    Promise.all(feeds.map(({ map, key }) => hazelcast.get(map, key))),
    Promise.all(services.map((service) => hazelcast.get(HEARTBEAT_MAP, service))),
  ]);
  return {
    feeds: new Map(feeds.map(({ name }, at) => [name, texts[at]])),
    heartbeats: new Map(services.map((service, at) => [service, beats[at]])),
  };
}
