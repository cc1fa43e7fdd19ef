/** Everything that health examines in Hazelcast, read together, unparsed. */
import type { FeedSpec } from "../../domain/health/feeds.ts";
import { HEARTBEAT_MAP } from "../../wire/scan-value.ts";
import type { HazelcastHandle } from "../../adapters/hazelcast/hazelcast-client.ts";
import { HazelcastUnavailable } from "../../adapters/hazelcast/under-deadline.ts";

export type HazelcastValues = {
  /** By the feed's name. */
  readonly feeds: ReadonlyMap<string, unknown>;
  /** By service. */
  readonly heartbeats: ReadonlyMap<string, unknown>;
};

const CONNECT_MS = 1_000;

export async function readHazelcastValues(
  hazelcast: HazelcastHandle,
  feeds: readonly FeedSpec[],
  services: readonly string[],
): Promise<HazelcastValues> {
  if (!(await hazelcast.waitConnected(CONNECT_MS))) throw new HazelcastUnavailable("no connection");
  const { client } = hazelcast;
  return hazelcast.call("read for health", async () => {
    const [texts, beats] = await Promise.all([
      Promise.all(feeds.map(({ map, key }) => valueAt(client, map, key))),
      Promise.all(services.map((service) => valueAt(client, HEARTBEAT_MAP, service))),
    ]);
    return {
      feeds: new Map(feeds.map(({ name }, at) => [name, texts[at]])),
      heartbeats: new Map(services.map((service, at) => [service, beats[at]])),
    };
  });
}

async function valueAt(
  client: HazelcastHandle["client"],
  map: string,
  key: string,
): Promise<unknown> {
  return (await client.getMap<string, unknown>(map)).get(key);
}
