/** The worker of the indicators layer: its connection to Hazelcast and its store, opened at the first reading. */
import { createIndicatorActivities } from "../activities/indicators.ts";
import { wallMicros } from "../adapters/clock.ts";
import type { FeatureStore } from "../adapters/indicators/feature-store.ts";
import { ReadingsStore, readingsPath } from "../adapters/indicators/readings-store.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import { type Config, loadConfig } from "../config.ts";
import { messageOf } from "../domain/failure.ts";
import {
  configuredIndicator,
  type ConfiguredIndicator,
} from "../operations/indicators/configured-indicators.ts";
import { refreshIndicator } from "../operations/indicators/refresh-indicator.ts";
import { ANSWER_DEADLINE_MS } from "../operations/indicators/venue-fetch.ts";
import { RefreshProblem } from "../operations/indicators/refresh-problem.ts";

export type IndicatorsLayer = {
  readonly activities: ReturnType<typeof createIndicatorActivities>;
  close(): Promise<void>;
};

type Opened = {
  readonly features: FeatureStore;
  readonly readings: ReadingsStore;
  close(): Promise<void>;
};

export function indicatorsLayer(options: {
  readonly config: Config;
  readonly temporal: TemporalClient;
  /**
   * The services' environment. The configuration is read with each reading, so a new indicator needs no restart of
   * the worker.
   */
  readonly env: NodeJS.ProcessEnv;
}): IndicatorsLayer {
  const { config, temporal, env } = options;
  let opened: Promise<Opened> | null = null;
  const open = (): Promise<Opened> =>
    (opened ??= openStores(config).catch((error: unknown) => {
      opened = null;
      throw error;
    }));
  const activities = createIndicatorActivities({
    async refresh(name, signal) {
      const indicator = await named(name, env);
      const { features, readings } = await open();
      const world = { features, readings, nowUs: wallMicros, deadlineMs: ANSWER_DEADLINE_MS };
      return refreshIndicator(indicator, { ...world, signal });
    },
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  });
  return {
    activities,
    async close() {
      await (await opened?.catch(() => null))?.close();
    },
  };
}

/** @throws {RefreshProblem} */
async function named(name: string, env: NodeJS.ProcessEnv): Promise<ConfiguredIndicator> {
  try {
    const { indicators } = loadConfig({ env, cwd: process.cwd() }).config;
    const entry = Object.entries(indicators).find(([key]) => key === name)?.[1];
    if (entry !== undefined) return await configuredIndicator(name, entry);
  } catch (error) {
    throw new RefreshProblem("bad_configuration", messageOf(error));
  }
  throw new RefreshProblem(
    "bad_configuration",
    `key 'indicators.${name}' is not in this worker's configuration; 'dolphin create' pauses its schedule`,
  );
}

async function openStores(config: Config): Promise<Opened> {
  // Loaded only where indicators are read.
  const [{ configuredCluster, connectHazelcast }, { createFeatureStore }] = await Promise.all([
    import("../adapters/hazelcast/hazelcast-client.ts"),
    import("../adapters/indicators/feature-store.ts"),
  ]);
  const readings = new ReadingsStore(readingsPath(config.data_dir), { readonly: false });
  const hazelcast = await connectHazelcast({
    ...configuredCluster(config.hazelcast),
    name: "dolphin-indicators",
  });
  return {
    features: createFeatureStore(hazelcast),
    readings,
    async close() {
      readings.close();
      await hazelcast.shutdown();
    },
  };
}
