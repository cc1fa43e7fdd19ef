/** The venues' budgets and breakers, which all workers share in Hazelcast. */
import type { HazelcastHandle } from "../../adapters/hazelcast/hazelcast-client.ts";
import { HazelcastUnavailable } from "../../adapters/hazelcast/under-deadline.ts";
import type { VenueState } from "../../domain/indicators/venue-budget.ts";
import { parseVenue, VENUES_MAP } from "../../wire/indicators/venue-value.ts";

/** @throws {HazelcastUnavailable} when it does not answer */
export async function readVenues(
  hazelcast: HazelcastHandle,
): Promise<ReadonlyMap<string, VenueState>> {
  if (!hazelcast.connected()) throw new HazelcastUnavailable("no connection");
  const entries = await hazelcast.call("read venues", async () =>
    (await hazelcast.client.getMap<string, unknown>(VENUES_MAP)).entrySet(),
  );
  return new Map(
    entries.flatMap(([name, text]) => {
      const state = parseVenue(text);
      return state === null ? [] : [[name, state] as const];
    }),
  );
}
