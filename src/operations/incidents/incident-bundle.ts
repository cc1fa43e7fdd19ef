/**
 * All that is known about one incident, in one value, for an investigation elsewhere or later. Invariants: bounded;
 * it contains no secret, neither one recognised by its key or form, nor one that the configuration refers to,
 * wherever it appears.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { type HistoryReader, openHealthHistory } from "../../adapters/health/health-history.ts";
import { messageOf } from "../../domain/failure.ts";
import { readSecret } from "../../adapters/channels/outside/read-secret.ts";
import type { DeliveryStatus } from "../../adapters/incident-store/notifications.ts";
import { lastLines } from "../../adapters/files/log-files.ts";
import type { FactTable } from "../../domain/incidents/facts.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { isoFromMs, MS_PER_MINUTE, msFromIso, US_PER_MS } from "../../domain/time.ts";
import { parseLogLine } from "../../wire/log-line.ts";
import { hideSecrets, isSecretKey, redact } from "../../wire/redaction.ts";

export type BundleSources = {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly incident: Incident;
  readonly deliveries: readonly DeliveryStatus[];
  /** From the watchdog, now; null: it does not answer. */
  readonly facts: FactTable | null;
  readonly version: string;
  readonly nowMs: number;
};

const AROUND_MS = 10 * MS_PER_MINUTE;
const HISTORY_ROWS_MAX = 600;
const SAMPLES_MAX = 24;
const LOG_FILES_MAX = 40;
const LOG_LINES_READ = 20_000;
const LOG_LINES_MAX = 2_000;

/** JSON. */
export async function incidentBundle(sources: BundleSources): Promise<string> {
  const { config, env, incident, deliveries, facts, version, nowMs } = sources;
  const fromMs = incident.startedAtMs - AROUND_MS;
  const untilMs = Math.min(nowMs, incident.resolvedAtMs ?? nowMs) + AROUND_MS;
  const bundle = {
    made_at: isoFromMs(nowMs),
    version,
    platform: `${process.platform} ${process.arch}, Node ${process.version}`,
    incident,
    deliveries,
    facts_now: facts,
    health: healthAround(config.data_dir, fromMs, untilMs),
    logs: logsAround(join(config.data_dir, "logs"), fromMs, untilMs),
    configuration: config,
  };
  const text = JSON.stringify(redact(bundle), null, 1);
  return hideSecrets(text, await secretsOf(config, env));
}

function healthAround(dataDir: string, fromMs: number, untilMs: number) {
  let history: HistoryReader | null = null;
  try {
    history = openHealthHistory(join(dataDir, "health", "history.db"));
    if (history === null) return "no history was recorded";
    const rows = history
      .since(fromMs * US_PER_MS, Number.MAX_SAFE_INTEGER)
      .filter(({ at_us }) => at_us <= untilMs * US_PER_MS);
    const samples = [...history.samples(fromMs * US_PER_MS, untilMs * US_PER_MS)];
    const step = Math.max(1, Math.ceil(samples.length / SAMPLES_MAX));
    return {
      rows: rows.slice(-HISTORY_ROWS_MAX),
      samples: samples.filter((_one, at) => at % step === 0),
    };
  } catch (error) {
    return `no history can be read: ${messageOf(error)}`;
  } finally {
    history?.close();
  }
}

/** The newest lines of that time, by file. */
function logsAround(folder: string, fromMs: number, untilMs: number) {
  const files = filesIn(folder).filter((name) => /\.(?:log|err)$/.test(name));
  return Object.fromEntries(
    files.slice(0, LOG_FILES_MAX).map((name) => {
      const lines = lastLines(join(folder, name), LOG_LINES_READ).filter((line) => {
        const atMs = timeOf(line);
        return atMs === null || (fromMs <= atMs && atMs <= untilMs);
      });
      return [name, lines.slice(-LOG_LINES_MAX).map(shownLine)];
    }),
  );
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

/** Null: it has none. */
function timeOf(line: string): number | null {
  const found = parseLogLine(line);
  const atMs = found === null ? NaN : msFromIso(found.time);
  return Number.isNaN(atMs) ? null : atMs;
}

/** As an object where it is one, so that values under secret keys are hidden. */
function shownLine(line: string): unknown {
  return parseLogLine(line) ?? line;
}

/** All secrets that the configuration refers to, and those in this process's environment under secret names. */
async function secretsOf(config: Config, env: BundleSources["env"]): Promise<readonly string[]> {
  const places = Object.values(config.alerts.channels).flatMap((settings) =>
    Object.entries(settings).filter(([key]) => /_(?:env|file)$/.test(key)),
  );
  const { heartbeat_url_env: variable, heartbeat_url_file: file } = config.alerts;
  const named = [...places, ["heartbeat_url_env", variable], ["heartbeat_url_file", file]] as const;
  const found = await Promise.all(
    named.map(async ([key, place]) => {
      if (typeof place !== "string") return "";
      const at = key.endsWith("_env") ? { env: place } : { file: place };
      return readSecret(at, env).catch(() => "");
    }),
  );
  const ofEnvironment = Object.entries(env).flatMap(([name, value]) =>
    isSecretKey(name) && value !== undefined ? [value] : [],
  );
  const all = [...found, ...ofEnvironment].filter((secret) => secret !== "");
  return all.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
}
