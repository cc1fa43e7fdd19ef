/** The values of Hazelcast for an operator: heartbeats of the services and the latest scan. */
import { z } from "zod";
import { parseHeartbeat } from "../../wire/facts/heartbeat.ts";
import { FEATURES_MAP, HEARTBEAT_MAP, LATEST_KEY } from "../../wire/scan-value.ts";
import { parseScanSummary } from "../../wire/scan-summary.ts";
import type { LatestScan } from "../../wire/system-status.ts";
import type { ThinClient } from "../../adapters/hazelcast/thin-client.ts";
import type { LocalSigns } from "./service-row.ts";

export type HazelcastView = {
  readonly heartbeats: ReadonlyMap<string, NonNullable<LocalSigns["heartbeat"]>>;
  readonly latestScan: LatestScan | null;
};

const Counter = z.union([z.number(), z.string(), z.null()]);

export async function readHazelcast(
  hazelcast: Pick<ThinClient, "get">,
  services: readonly string[],
): Promise<HazelcastView> {
  const [latest, ...texts] = await Promise.all([
    hazelcast.get(FEATURES_MAP, LATEST_KEY),
    ...services.map((service) => hazelcast.get(HEARTBEAT_MAP, service)),
  ]);
  const nowMs = Date.now();
  const heartbeats = services.flatMap((service, index) => {
    const heartbeat = heartbeatIn(texts[index], nowMs);
    return heartbeat === null ? [] : [[service, heartbeat] as const];
  });
  return { heartbeats: new Map(heartbeats), latestScan: latestIn(latest, nowMs) };
}

/** Null: not a heartbeat. */
export function heartbeatIn(text: unknown, nowMs: number): LocalSigns["heartbeat"] {
  const heartbeat = parseHeartbeat(text);
  if (heartbeat === null) return null;
  const ageS = Math.max(0, (nowMs - Date.parse(heartbeat.updated_at)) / 1_000);
  const { facts, state, ...figures } = heartbeat;
  return Number.isNaN(ageS) ? null : { ageS, state, facts, counters: flat(figures) };
}

/** Counters in the form of a row; a summary such as {p50, p99} becomes name_p50 and name_p99. */
function flat(fields: object, prefix = ""): Record<string, number | string | null> {
  const counters: Record<string, number | string | null> = {};
  for (const [key, value] of Object.entries(fields) as [string, unknown][]) {
    const counter = Counter.safeParse(value);
    if (counter.success) counters[`${prefix}${key}`] = counter.data;
    else if (prefix === "" && typeof value === "object" && value !== null) {
      Object.assign(counters, flat(value, `${key}_`));
    }
  }
  return counters;
}

function latestIn(text: unknown, nowMs: number): LatestScan | null {
  const scan = parseScanSummary(text);
  if (scan === null) return null;
  const { bridge_ts, ...rest } = scan;
  return { ...rest, age_s: Math.max(0, (nowMs - Date.parse(bridge_ts)) / 1_000) };
}
