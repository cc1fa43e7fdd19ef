/** Opens the sources of a status; connections are made on first need and reused. */
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
  /** With the settings of the opening, or with a caller's own configuration. */
  read(how?: StatusQuestion): Promise<SystemStatus>;
  /** For who shows no schedules: each costs the server a query of a workflow of its own. */
  readWithoutSchedules(): Promise<SystemStatus>;
  /** The venues' budgets and breakers in Hazelcast, by name. @throws {HazelcastUnavailable} */
  venues(): Promise<ReadonlyMap<string, VenueState>>;
  /** The reader's connection, for other requests; the reader still owns it. */
  readonly temporal: TemporalClient;
  /** On that connection, which is not closed before the answer has arrived. */
  askTemporal<T>(ask: (temporal: TemporalClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type StatusOptions = Omit<StatusSources, "temporal" | "hazelcast" | "schedules"> & {
  /** Undefined: Temporal's own environment configuration decides. */
  readonly temporalAddress: string | undefined;
  readonly hazelcast: Pick<HazelcastOptions, "address" | "cluster" | "prefix">;
};

/** The settings of a reading that do not concern its connections. */
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
    temporal: { ...temporal, where: temporal.address.address },
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
      // Everything as requested, except the connections and their addresses.
      const { temporal: client, hazelcast, dataDir, schedules } = sources;
      const asking = { ...how, temporal: client, hazelcast, dataDir, schedules };
      return readStatus(asking, keep);
    },
    readWithoutSchedules: () => readStatus({ ...sources, schedules: async () => [] }, keep),
    close: async () => {
      // On a closed connection the client's retry timer would throw where nobody can catch it.
      await Promise.allSettled(asked);
      await Promise.allSettled([handle.shutdown(), temporal.close()]);
    },
  };
}
