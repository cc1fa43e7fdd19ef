/** The venues' budgets and breakers, which all workers share in Hazelcast. */
import type { ThinClient } from "../../adapters/hazelcast/thin-client.ts";
import type { VenueState } from "../../domain/indicators/venue-budget.ts";
import { parseVenue, VENUES_MAP } from "../../wire/indicators/venue-value.ts";

/** @throws {Error} when it does not answer */
export async function readVenues(
  hazelcast: Pick<ThinClient, "entries">,
): Promise<ReadonlyMap<string, VenueState>> {
  const entries = await hazelcast.entries(VENUES_MAP);
  return new Map(
    entries.flatMap(([name, text]) => {
      const state = parseVenue(text);
      return typeof name !== "string" || state === null ? [] : [[name, state] as const];
    }),
  );
}
