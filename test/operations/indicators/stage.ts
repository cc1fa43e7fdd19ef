/** Venues on loopback, a store in a folder, and texts with Hazelcast's compare-and-set. */
import { join } from "node:path";
import type { FeatureStore } from "../../../src/adapters/indicators/feature-store.ts";
import { ReadingsStore } from "../../../src/adapters/indicators/readings-store.ts";
import {
  configuredIndicator,
  type ConfiguredIndicator,
} from "../../../src/operations/indicators/configured-indicators.ts";
import { refreshIndicator } from "../../../src/operations/indicators/refresh-indicator.ts";
import { RefreshProblem } from "../../../src/operations/indicators/refresh-problem.ts";
import { startSimulatedVenues } from "../../../src/embedded/simulated-venues/simulated-venues.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

/** At eight minutes past a settlement, and at some second. */
export const START_MS = Date.parse("2026-03-25T08:08:17.250Z");

export async function openIndicatorStage() {
  const dir = makeTemporaryDirectory("indicators");
  const readings = new ReadingsStore(join(dir, "readings.db"), { readonly: false });
  const texts = new Map<string, string>();
  /** `tickUs`: what passes from one look at the clock to the next. */
  const clock = { nowMs: START_MS, tickUs: 0 };
  let passedUs = 0;
  /** The key whose change is made, and then not answered. */
  const unanswered = { key: "" };
  const limits = { deadlineMs: 60_000 };
  const venues = await startSimulatedVenues({ port: 0, nowMs: () => clock.nowMs });
  const features: FeatureStore = {
    read: (map, key) => Promise.resolve(texts.get(`${map} ${key}`) ?? null),
    change({ map, key }, change) {
      const after = change(texts.get(`${map} ${key}`) ?? null);
      if (after !== null) texts.set(`${map} ${key}`, after);
      return key === unanswered.key ? Promise.reject(new Error("no answer")) : Promise.resolve();
    },
  };
  const stopping = new AbortController();
  const { signal } = stopping;
  const nowUs = () => clock.nowMs * 1_000 + (passedUs += clock.tickUs);
  const refresh = async (named: ConfiguredIndicator | string, symbols?: readonly string[]) => {
    const indicator =
      typeof named === "string"
        ? await configuredIndicator(named, {
            url: venues.url,
            ...(symbols === undefined ? {} : { symbols: [...symbols] }),
          })
        : named;
    return refreshIndicator(indicator, { features, readings, nowUs, ...limits, signal });
  };
  return {
    venues,
    readings,
    clock,
    limits,
    unanswered,
    refresh,
    /** As a worker that ends. */
    stop: () => stopping.abort(),
    /** Why there is no reading. */
    async problem(...of: Parameters<typeof refresh>): Promise<RefreshProblem> {
      try {
        await refresh(...of);
      } catch (error) {
        if (error instanceof RefreshProblem) return error;
        throw error;
      }
      throw new Error("it was read");
    },
    valueOf: (key: string): Record<string, unknown> =>
      JSON.parse(texts.get(`DOLPHIN_FEATURES ${key}`) ?? "null"),
    put: (key: string, text: string) => void texts.set(`DOLPHIN_FEATURES ${key}`, text),
    venue: (name: string): Record<string, number> =>
      JSON.parse(texts.get(`DOLPHIN_VENUES ${name}`) ?? "null"),
    async close() {
      await venues.stop();
      readings.close();
      removeTemporaryDirectory(dir);
    },
  };
}
