/**
 * Observes a running system for a drill: its files at each look, its servers over separate connections with separate
 * timing, so that one that is away does not delay a look.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { wallMs } from "../../adapters/clock.ts";
import {
  configuredCluster,
  connectHazelcast,
  type HazelcastHandle,
} from "../../adapters/hazelcast/hazelcast-client.ts";
import { readHealthReport } from "../../adapters/health/health-outlets.ts";
import { isProcessAlive } from "../../adapters/process/process-facts.ts";
import { readRunFile } from "../../adapters/process/run-file.ts";
import {
  connectTemporal,
  temporalAnswers,
  type TemporalClient,
} from "../../adapters/temporal-client.ts";
import type { Config } from "../../config.ts";
import type {
  ObservedBeat,
  DrillObservation,
  Values,
} from "../../domain/drills/drill-observation.ts";
import { SERVICE_NAMES } from "../../domain/supervision/services.ts";
import { parseHeartbeat } from "../../wire/facts/heartbeat.ts";
import { FEATURES_MAP, HEARTBEAT_MAP, LATEST_KEY, parseScanHead } from "../../wire/scan-value.ts";
import {
  type HealthReport,
  META_HEALTH_KEY,
  META_HEALTH_MAP,
  parseHealthReport,
} from "../../wire/health/health-report.ts";
import { UpFile } from "../../wire/up-file.ts";

export type DrillWatch = {
  observe(): Omit<DrillObservation, "signs" | "alerts">;
  close(): Promise<void>;
};

const ASK_EVERY_MS = 100;
/** On a warm connection; a slower answer does not count. */
const ANSWER_MS_MAX = 1_000;

export async function openDrillWatch(
  config: Config,
  temporalAddress: string | undefined,
): Promise<DrillWatch> {
  const { data_dir: dataDir } = config;
  const stop = new AbortController();
  const hazelcast = await connectHazelcast({
    ...configuredCluster(config.hazelcast),
    name: "drill",
  });
  const temporal = connectTemporal(temporalAddress);
  const seen: { asked: Asked | null; isTemporalThere: boolean } = {
    asked: null,
    isTemporalThere: false,
  };
  const asking = [
    again(stop.signal, async () => {
      seen.asked = await readValues(hazelcast).catch(() => null);
    }),
    again(stop.signal, async () => {
      seen.isTemporalThere = await answers(temporal);
    }),
  ];
  return {
    observe() {
      const atMs = wallMs();
      const { asked, isTemporalThere } = seen;
      const reports = [readHealthReport(dataDir, atMs)?.report ?? null, asked?.report ?? null];
      return {
        atMs,
        pids: pidsOf(dataDir),
        values: asked?.values ?? null,
        isTemporalThere,
        roots: rootsIn(newestOf(reports)),
      };
    },
    async close() {
      stop.abort();
      await Promise.allSettled(asking);
      await Promise.allSettled([hazelcast.shutdown(), temporal.close()]);
    },
  };
}

async function again(signal: AbortSignal, ask: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await ask();
    await delay(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Also that it takes calls to its namespace: it opens its port long before. */
async function answers(temporal: TemporalClient): Promise<boolean> {
  if (!(await temporalAnswers(temporal, ANSWER_MS_MAX))) return false;
  const { namespace } = temporal.address;
  try {
    await temporal.connection.withDeadline(wallMs() + ANSWER_MS_MAX, () =>
      temporal.connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  }
}

type Asked = { readonly values: Values; readonly report: HealthReport | null };

/** Health reports in two places; where one fails (a full disk, Hazelcast away), the other has the newest report. */
function newestOf(reports: readonly (HealthReport | null)[]): HealthReport | null {
  return reports.reduce(
    (newest, one) =>
      newest === null || (one !== null && newest.timestamp < one.timestamp) ? one : newest,
    null,
  );
}

function rootsIn(report: HealthReport | null): readonly string[] | null {
  return report === null ? null : report.roots.map(({ id }) => id);
}

async function readValues(hazelcast: HazelcastHandle): Promise<Asked | null> {
  if (!hazelcast.connected()) return null;
  const member = memberOf(hazelcast);
  const [latest, healthText, ...texts] = await hazelcast.call("look for a drill", async () => {
    const [features, health, heartbeats] = await Promise.all([
      hazelcast.client.getMap<string, unknown>(FEATURES_MAP),
      hazelcast.client.getMap<string, unknown>(META_HEALTH_MAP),
      hazelcast.client.getMap<string, unknown>(HEARTBEAT_MAP),
    ]);
    return Promise.all([
      features.get(LATEST_KEY),
      health.get(META_HEALTH_KEY),
      ...SERVICE_NAMES.map((service) => heartbeats.get(service)),
    ]);
  });
  // The member changed in between: the values may come from either.
  if (member === null || memberOf(hazelcast) !== member) return null;
  const beats = SERVICE_NAMES.flatMap((service, index) => {
    const beat = beatIn(texts[index]);
    return beat === null ? [] : [[service, beat] as const];
  });
  const values = { member, scan: scanIn(latest), beats: Object.fromEntries(beats) };
  return { values, report: typeof healthText === "string" ? parseHealthReport(healthText) : null };
}

function memberOf({ client }: HazelcastHandle): string | null {
  const [member] = client.getCluster().getMembers();
  return member === undefined ? null : String(member.uuid);
}

function beatIn(text: unknown): ObservedBeat | null {
  const beat = parseHeartbeat(text);
  const pid = Number(beat?.["pid"]);
  if (beat === null || !Number.isInteger(pid)) return null;
  const seq = beat["last_seq"];
  const state = beat.state ?? "starting";
  return {
    pid,
    lastSeq: typeof seq === "number" ? seq : null,
    waits: /^(starting|waiting)/.test(state) ? state : null,
  };
}

function scanIn(text: unknown): Values["scan"] {
  const head = parseScanHead(text);
  return head === null ? null : { seq: head.seq, instance: head.instance };
}

/** Services of the running `up`, by name; empty where there is none. */
function upServices(dataDir: string): UpFile["services"] {
  try {
    const up = UpFile.parse(JSON.parse(readFileSync(join(dataDir, "up.json"), "utf8")));
    return isProcessAlive(up.pid, up.started_ticks) ? up.services : {};
  } catch {
    return {};
  }
}

/** Run files are newer than up.json, which is written once a second. */
function pidsOf(dataDir: string): Readonly<Record<string, number>> {
  const named = Object.entries(upServices(dataDir)).flatMap(([name, { pid, started_ticks }]) =>
    isProcessAlive(pid, started_ticks) ? [[name, pid] as const] : [],
  );
  const runs = SERVICE_NAMES.flatMap((name) => {
    const run = readRunFile(join(dataDir, "run"), name);
    return run !== null && isProcessAlive(run.pid, run.started_ticks)
      ? [[name, run.pid] as const]
      : [];
  });
  return Object.fromEntries([...named, ...runs]);
}
