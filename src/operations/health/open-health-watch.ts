/** Opens the connections of a health watch, for the service or for a single sample from the command line. */
import { createThinClient } from "../../adapters/hazelcast/thin-client.ts";
import { type OpenReads, openTemporalReads } from "../../adapters/temporal/open-reads.ts";
import type { Config } from "../../config.ts";
import type { HealthGraph } from "../../domain/health/graph.ts";
import { watchedBy } from "../../wire/health/watched.ts";
import { HEARTBEAT_MAP } from "../../wire/scan-value.ts";
import { createJournaledCash } from "./journaled-cash.ts";
import { HealthSampler } from "./sampler.ts";

/** The deadline of each call. */
const CALL_DEADLINE_MS = 1_500;

export type HealthWatch = {
  readonly sampler: HealthSampler;
  readonly graph: HealthGraph;
  readonly temporal: OpenReads;
  readonly put: (map: string, key: string, text: string) => Promise<void>;
  readonly putHeartbeat: (text: string) => Promise<void>;
  close(): Promise<void>;
};

export async function openHealthWatch(of: {
  readonly config: Config;
  readonly name: string;
  /** Undefined: Temporal's own environment configuration decides. */
  readonly temporalAddress: string | undefined;
}): Promise<HealthWatch> {
  const { config, name } = of;
  const { specs, feeds, graph } = watchedBy(config);
  const temporal = await openTemporalReads({
    address: of.temporalAddress,
    env: process.env,
    deadlineMs: CALL_DEADLINE_MS,
  });
  const { deadline_ms: deadlineMs, ...cluster } = config.hazelcast;
  const hazelcast = createThinClient({ ...cluster, deadlineMs, name });
  const sampler = new HealthSampler({
    config,
    specs,
    feeds,
    temporal: temporal.reads,
    hazelcast,
    journaledCash: createJournaledCash(config),
  });
  return {
    sampler,
    graph,
    temporal,
    put: (map, key, text) => hazelcast.set(map, key, text),
    putHeartbeat: (text) => hazelcast.set(HEARTBEAT_MAP, name, text),
    async close() {
      // On a closed connection the client's retry timer would throw where nobody can catch it.
      await sampler.settled();
      hazelcast.close();
      await temporal.close();
    },
  };
}
