/**
 * Opens the sources of a status; connections are made on first need and reused. Temporal's SDK, which costs 20 MB and 0.3 s, is
 * only loaded for commands.
 */
import type { SystemStatus } from "../../wire/system-status.ts";
import { createThinClient, type ThinOptions } from "../../adapters/hazelcast/thin-client.ts";
import { openTemporalReads } from "../../adapters/temporal/open-reads.ts";
import { openSdk } from "../../adapters/temporal/open-sdk.ts";
import type { TemporalReads } from "../../adapters/temporal/temporal-reads.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { VenueState } from "../../domain/indicators/venue-budget.ts";
import { readVenues } from "./venues-view.ts";
import { createScheduleView } from "./schedule-view.ts";
import { CALL_DEADLINE_MS, readStatus, type StatusSources } from "./status-reader.ts";

export type StatusReader = {
  /** With the settings of the opening, or with a caller's own configuration. */
  read(how?: StatusQuestion): Promise<SystemStatus>;
  /** For who shows no schedules: each costs the server a query of a workflow of its own. */
  readWithoutSchedules(): Promise<SystemStatus>;
  /** The venues' budgets and breakers in Hazelcast, by name. @throws {Error} */
  venues(): Promise<ReadonlyMap<string, VenueState>>;
  /** The reader's connections, for other requests; the reader still owns them. */
  readonly reads: TemporalReads;
  readonly namespace: string;
  temporal(): Promise<TemporalClient>;
  /** On the latter, which is not closed before the answer has arrived. */
  askTemporal<T>(ask: (temporal: TemporalClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type StatusOptions = Omit<StatusSources, "temporal" | "hazelcast" | "schedules"> & {
  /** Undefined: Temporal's own environment configuration decides. */
  readonly temporalAddress: string | undefined;
  readonly hazelcast: Pick<ThinOptions, "address" | "cluster" | "prefix">;
};

/** The settings of a reading that do not concern its connections. */
type StatusQuestion = Omit<StatusOptions, "temporalAddress" | "hazelcast" | "dataDir">;

export async function openStatus(options: StatusOptions): Promise<StatusReader> {
  const deadlineMs = CALL_DEADLINE_MS;
  const opened = await openTemporalReads({
    address: options.temporalAddress,
    env: process.env,
    deadlineMs,
  });
  const { reads } = opened;
  const { address, namespace } = opened.address;
  const texts = createThinClient({ ...options.hazelcast, name: "dolphin-status", deadlineMs });
  const sources: StatusSources = {
    ...options,
    temporal: { reads, where: address },
    hazelcast: { texts, address: options.hazelcast.address },
    schedules: createScheduleView(reads),
  };
  let sdk: Promise<TemporalClient> | null = null;
  const temporal = () => (sdk ??= openSdk(options.temporalAddress));
  const asked = new Set<Promise<unknown>>();
  const keep = (question: Promise<unknown>): void => {
    asked.add(question);
    const forget = () => asked.delete(question);
    question.then(forget, forget);
  };
  return {
    reads,
    namespace,
    temporal,
    venues: () => readVenues(texts),
    askTemporal(ask) {
      const question = temporal().then(ask);
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
      texts.close();
      await Promise.allSettled([opened.close(), sdk?.then((client) => client.close())]);
    },
  };
}
