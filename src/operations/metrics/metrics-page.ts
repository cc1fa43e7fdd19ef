/**
 * The text of /metrics, read at a steady interval while somebody scrapes it, so that a scrape triggers no requests but
 * for the first one after a long time. Invariant: readings that are too old are left out, except for their age.
 */
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { readHealthReport } from "../../adapters/health/health-outlets.ts";
import { incidentsFile } from "../../adapters/incident-store/incident-database.ts";
import { incidentCounts } from "../../adapters/incident-store/incident-counts.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { expositionText, fittingText, type Metric } from "../../wire/metrics/exposition.ts";
import { systemMetrics, type SystemReading } from "../../wire/metrics/system-metrics.ts";
import { askWatchdog, wasWatched } from "../safety/ask-watchdog.ts";
import type { StatusReader } from "../status/open-status.ts";

const READ_EVERY_MS = 5_000;
/** Three failed readings, and a slow one. */
const FRESH_FOR_MS = 20_000;
/** Longer than any interval of scrapes: Prometheus forgets what is five minutes old. */
const SCRAPED_AGAIN_WITHIN_MS = 330_000;
/** The contract's limit of a page, minus the rest. */
const PAGE_CHARS_MAX = 190_000;
const WATCHDOG_WITHIN_MS = 1_500;
const SDK_WITHIN_MS = 1_000;
const SDK_BYTES_MAX = 1_048_576;

export type MetricsSources = {
  readonly reader: () => Promise<
    Pick<StatusReader, "read"> & Partial<Pick<StatusReader, "venues">>
  >;
  readonly dataDir: string;
  /** The endpoint of Temporal's SDK metrics; null: none. */
  readonly sdkUrl: string | null;
};

export type MetricsPage = {
  /** After a long time without a call it waits for one reading, at most some two seconds. */
  text(): Promise<string>;
  /** Resolves when no reading is in progress. */
  stop(): Promise<void>;
};

export function keepMetricsPage(sources: MetricsSources): MetricsPage {
  let newest: { readonly text: string; readonly atMs: number } | null = null;
  let sdk = "";
  let isStopped = false;
  const readOnce = async (): Promise<void> => {
    const [reading, others] = await Promise.allSettled([readSystem(sources), readSdk(sources)]);
    sdk = others.status === "fulfilled" ? others.value : "";
    if (reading.status === "rejected") return;
    newest = { text: expositionText(systemMetrics(reading.value)), atMs: monotonicMs() };
  };
  let reading: Promise<void> = Promise.resolve();
  let scrapedMs = Number.NEGATIVE_INFINITY;
  const isAwaited = () => monotonicMs() - scrapedMs <= SCRAPED_AGAIN_WITHIN_MS;
  const timer = setInterval(() => {
    reading = reading.then(() => (isStopped || !isAwaited() ? undefined : readOnce()));
  }, READ_EVERY_MS);
  timer.unref();
  return {
    async text() {
      const wasAwaited = isAwaited();
      scrapedMs = monotonicMs();
      if (!wasAwaited) reading = reading.then(() => (isStopped ? undefined : readOnce()));
      if (newest === null || !wasAwaited) await reading;
      const ageMs = newest === null ? null : monotonicMs() - newest.atMs;
      const own = newest === null || ageMs === null || FRESH_FOR_MS < ageMs ? "" : newest.text;
      const others = fittingText(sdk, PAGE_CHARS_MAX - own.length);
      return own + expositionText(aboutThePage(ageMs, others.isWhole)) + others.text;
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await reading;
    },
  };
}

async function readSystem({ reader, dataDir }: MetricsSources): Promise<SystemReading> {
  const asked = await reader();
  const [status, watchdog, venues] = await Promise.all([
    asked.read(),
    readWatchdog(dataDir),
    asked.venues?.().catch(() => null) ?? null,
  ]);
  return {
    status,
    watchdog,
    venues,
    health: readHealthReport(dataDir, wallMs()),
    incidents: incidentCounts(incidentsFile(safetyFolder(dataDir))),
    nowMs: wallMs(),
  };
}

/** `silent`: there was one here, but it does not answer; null: there never was one. */
async function readWatchdog(dataDir: string): Promise<SystemReading["watchdog"]> {
  if (!wasWatched(dataDir)) return null;
  return askWatchdog(dataDir, { withinMs: WATCHDOG_WITHIN_MS }).catch(() => "silent" as const);
}

async function readSdk({ sdkUrl }: MetricsSources): Promise<string> {
  if (sdkUrl === null) return "";
  const answer = await fetch(sdkUrl, { signal: AbortSignal.timeout(SDK_WITHIN_MS) });
  const text = answer.ok ? await answer.text() : "";
  return text.length <= SDK_BYTES_MAX ? text : "";
}

function aboutThePage(ageMs: number | null, isWhole: boolean): readonly Metric[] {
  const age = ageMs === null ? [] : [{ labels: {}, value: Math.round(ageMs) / MS_PER_SECOND }];
  return [
    {
      name: "dolphin_reading_age_seconds",
      type: "gauge",
      help: "Age of the values on this page; beyond 20 s the other metrics are left out.",
      samples: age,
    },
    {
      name: "dolphin_page_whole",
      type: "gauge",
      help: "0 if the metrics of Temporal's SDK did not fit on this page.",
      samples: [{ labels: {}, value: isWhole ? 1 : 0 }],
    },
  ];
}
