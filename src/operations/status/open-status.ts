/** Opens what a status is read from; the connections are made on first need and kept for the next reading. */
import type { SystemStatus } from "../../wire/system-status.ts";
import {
  connectHazelcast,
  type HazelcastOptions,
} from "../../adapters/hazelcast/hazelcast-client.ts";
import { connectTemporal, type TemporalClient } from "../../adapters/temporal-client.ts";
import type { VenueState } from "../../domain/indicators/venue-budget.ts";
import { readVenues } from "./venues-view.ts";
import { createScheduleView } from "./schedule-view.ts";
import { CALL_DEADLINE_MS, readStatus, type StatusSources } from "./status-reader.ts";

export type StatusReader = {
  /** As it was opened, or as somebody else asks who has his own configuration. */
  read(how?: StatusQuestion): Promise<SystemStatus>;
  /** What Hazelcast holds of the venues' budgets and breakers, by name. @throws {HazelcastUnavailable} */
  venues(): Promise<ReadonlyMap<string, VenueState>>;
  /** The connection that it asks on, for who has something else to ask; it stays the reader's. */
  readonly temporal: TemporalClient;
  /** On that connection, which is not closed before the answer is there. */
  askTemporal<T>(ask: (temporal: TemporalClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type StatusOptions = Omit<StatusSources, "temporal" | "hazelcast" | "schedules"> & {
  /** Undefined: Temporal's own environment configuration decides. */
  readonly temporalAddress: string | undefined;
  readonly hazelcast: Pick<HazelcastOptions, "address" | "cluster" | "prefix">;
};

/** What a reading depends on beside its connections. */
type StatusQuestion = Omit<StatusOptions, "temporalAddress" | "hazelcast" | "dataDir">;

export async function openStatus(options: StatusOptions): Promise<StatusReader> {
  const temporal = connectTemporal(options.temporalAddress);
  const handle = await connectHazelcast({
    ...options.hazelcast,
    name: "dolphin-status",
    deadlineMs: CALL_DEADLINE_MS,
  });
  const sources: StatusSources = {
    ...options,
    temporal: { client: temporal.client, address: temporal.address.address },
    hazelcast: { handle, address: options.hazelcast.address },
    schedules: createScheduleView(temporal.client, CALL_DEADLINE_MS),
  };
  const asked = new Set<Promise<unknown>>();
  const keep = (question: Promise<unknown>): void => {
    asked.add(question);
    const forget = () => asked.delete(question);
    question.then(forget, forget);
  };
  return {
    temporal,
    venues: () => readVenues(handle),
    askTemporal(ask) {
      const question = ask(temporal);
      keep(question);
      return question;
    },
    read(how = options) {
      // Everything as it is asked, but the connections, and where they were opened for.
      const { temporal: client, hazelcast, dataDir, schedules } = sources;
      const asking = { ...how, temporal: client, hazelcast, dataDir, schedules };
      return readStatus(asking, keep);
    },
    close: async () => {
      // The client's retry timer throws, where nobody can catch it, on a connection that was closed.
      await Promise.allSettled(asked);
      await Promise.allSettled([handle.shutdown(), temporal.close()]);
    },
  };
}
