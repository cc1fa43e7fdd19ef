/**
 * What `dolphin status` and `dolphin health` read, as metrics. Section 5 of the contract names some; further
 * names are ours. Invariant: nothing here judges, and a value that is not known has no sample.
 */
import { SENSOR_NAMES } from "../../domain/health/sample.ts";
import { HEALTH_WORDS } from "../../domain/health/health-word.ts";
import { SEVERITIES } from "../../domain/incidents/notification.ts";
import { POSTURES } from "../../domain/trading/posture.ts";
import type { HealthReport } from "../health/health-report.ts";
import type { ServiceRow, SystemStatus } from "../system-status.ts";
import type { VenueState } from "../../domain/indicators/venue-budget.ts";
import type { SafetyView } from "../safety/safety-control.ts";
import type { Metric, MetricType, Sample } from "./exposition.ts";
import { counter, gauge, sampleOf, single } from "./families.ts";
import { watchdogMetrics } from "./watchdog-metrics.ts";

export type SystemReading = {
  readonly status: SystemStatus;
  /** Null: no health service runs on this data directory. */
  readonly health: { readonly report: HealthReport; readonly ageMs: number } | null;
  /** Null: no incidents are kept here. */
  readonly incidents: IncidentCounts | null;
  /** Null: there never was a watchdog here; `silent`: it does not answer. */
  readonly watchdog: SafetyView | "silent" | null;
  /** By asset; null: nobody reports it. */
  readonly venues: ReadonlyMap<string, VenueState> | null;
  readonly nowMs: number;
};

/** Incidents open now and opened so far, and the length of each channel's queue. */
export type IncidentCounts = {
  readonly bySeverity: ReadonlyMap<string, number>;
  readonly byRule: ReadonlyMap<string, number>;
  /** Incidents opened so far on this data directory. */
  readonly opened: number;
  readonly waiting: readonly {
    readonly channel: string;
    readonly count: number;
    readonly oldestMs: number;
  }[];
};

const MB = 1e6;
const MS_PER_S = 1_000;
/** The bridge's counters of files that became no scan, in total or of one kind. */
const RESULTS = ["duplicates", "quarantined", "late", "replayed"] as const;
const QUANTILES = { p50: "0.5", p99: "0.99" } as const;

export function systemMetrics(reading: SystemReading): readonly Metric[] {
  return [
    ...serverMetrics(reading.status),
    ...serviceMetrics(reading.status.services),
    ...scanMetrics(reading.status),
    ...bookMetrics(reading.status.services),
    ...healthMetrics(reading.health),
    ...incidentMetrics(reading),
    ...watchdogMetrics(reading.watchdog),
    ...venueMetrics(reading),
  ];
}

function serverMetrics({ servers }: SystemStatus): readonly Metric[] {
  return [
    gauge(
      "dolphin_server_up",
      "Whether the server answered in 400 ms.",
      servers.map((row) => ({
        labels: { server: row.server },
        value: row.answered_ms === null ? 0 : 1,
      })),
    ),
  ];
}

function serviceMetrics(services: readonly ServiceRow[]): readonly Metric[] {
  const of = (
    metric: { readonly name: string; readonly type: MetricType; readonly help: string },
    valueOf: (row: ServiceRow) => number | null,
  ): Metric => ({
    ...metric,
    samples: services.flatMap((row) => sampleOf({ service: row.service }, valueOf(row))),
  });
  return [
    of(
      { name: "dolphin_service_up", type: "gauge", help: "Whether a process of the service runs." },
      ({ pid, source }) => (source === "none" ? null : pid === null ? 0 : 1),
    ),
    gauge(
      "dolphin_service_status",
      "1 for the present status of the service.",
      services.map(({ service, status }) => ({ labels: { service, status }, value: 1 })),
    ),
    of(
      { name: "dolphin_service_uptime_seconds", type: "gauge", help: "Of the present process." },
      ({ up_s }) => up_s,
    ),
    of(
      {
        name: "dolphin_service_restarts_total",
        type: "counter",
        help: "Lives of the service after its first, by its supervisor.",
      },
      ({ life }) => (life === null ? null : Math.max(0, life - 1)),
    ),
    of(
      { name: "dolphin_service_memory_bytes", type: "gauge", help: "Resident memory." },
      ({ rss_mb }) => (rss_mb === null ? null : rss_mb * MB),
    ),
    of(
      {
        name: "dolphin_data_age_seconds",
        type: "gauge",
        help: "Since the newest input of the service was first seen.",
      },
      ({ newest_data_age_s }) => newest_data_age_s,
    ),
    of(
      { name: "dolphin_backlog", type: "gauge", help: "Length of the service's queue." },
      ({ backlog }) => backlog,
    ),
  ];
}

function scanMetrics({ latest_scan: scan, services }: SystemStatus): readonly Metric[] {
  const bridge = services.find(({ role }) => role === "bridge");
  const results = [
    // The bridge's seq counts every scan ever pushed, so it survives restarts of the process.
    ...sampleOf({ result: "pushed" }, bridge?.last_seq ?? scan?.seq ?? null),
    ...RESULTS.flatMap((result) => sampleOf({ result }, counterOf(bridge, result))),
  ];
  return [
    single("dolphin_scan_number", "Of the newest scan, as its writer counts.", scan?.scan_number),
    single("dolphin_scan_seq", "Of the newest scan.", scan?.seq),
    single("dolphin_assets", "In the newest scan.", scan?.assets),
    single("dolphin_scan_age_seconds", "Since the newest scan was pushed.", scan?.age_s),
    {
      name: "dolphin_scans_total",
      type: "counter",
      help: "Scans pushed, in all; files with other results since the bridge's process started.",
      samples: results,
    },
    {
      name: "dolphin_lag_seconds",
      type: "summary",
      help: "Of the last thousand live scans, by hop.",
      samples: [
        ...lagOf(bridge, "complete_to_seen"),
        ...lagOf(bridge, "seen_to_hazelcast"),
        ...lagOf(bridge, "complete_to_hazelcast"),
        ...services.flatMap((row) =>
          row.role === "trader" && row.book !== null
            ? lagOf(row, "scan_to_commands", { book: row.book })
            : [],
        ),
      ],
    },
  ];
}

function lagOf(
  row: ServiceRow | undefined,
  hop: string,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  return Object.entries(QUANTILES).flatMap(([part, quantile]) => {
    const ms = counterOf(row, `${hop}_ms_${part}`);
    return sampleOf({ hop, ...labels, quantile }, ms === null ? null : ms / MS_PER_S);
  });
}

function bookMetrics(services: readonly ServiceRow[]): readonly Metric[] {
  const books = services.filter(({ counters }) => counters["equity"] !== undefined);
  const of = (name: string, help: string, figure: string): Metric => ({
    name,
    type: name.endsWith("_total") ? "counter" : "gauge",
    help,
    samples: books.flatMap((row) => sampleOf({ book: bookOf(row) }, counterOf(row, figure))),
  });
  return [
    of("dolphin_equity", "Cash and open positions at their marks, in quote currency.", "equity"),
    of("dolphin_cash", "In quote currency.", "cash"),
    of("dolphin_positions", "Open positions.", "positions"),
    of("dolphin_trades_total", "Finished trades of the book, in all.", "trades"),
    of("dolphin_liquidations_total", "Positions closed by the venue, in all.", "liquidations"),
    {
      name: "dolphin_posture",
      type: "gauge",
      help: "1 for the posture that the book applies, 0 for the others.",
      samples: books.flatMap((row) =>
        [...POSTURES, "UNKNOWN"].map((posture) => ({
          labels: { book: bookOf(row), posture },
          value: row.counters["posture"] === posture ? 1 : 0,
        })),
      ),
    },
  ];
}

function bookOf({ book, service }: ServiceRow): string {
  return book ?? service;
}

function healthMetrics(health: SystemReading["health"]): readonly Metric[] {
  if (health === null) return [];
  const { report, ageMs } = health;
  const feeds = Object.entries(report.subsystem_health.data_sources);
  return [
    single("dolphin_rm_meta", "Product of the sensors that are known, 0 to 1.", report.rm_meta),
    {
      name: "dolphin_sensor",
      type: "gauge",
      help: "Score of a sensor, 0 to 1; absent while it cannot be measured.",
      samples: SENSOR_NAMES.flatMap((sensor) => sampleOf({ sensor }, report[sensor])),
    },
    gauge(
      "dolphin_health",
      "1 for the present status of the whole system.",
      HEALTH_WORDS.map((word) => ({
        labels: { status: word },
        value: report.status === word ? 1 : 0,
      })),
    ),
    single("dolphin_health_age_seconds", "Since the last report of health.", ageMs / MS_PER_S),
    single("dolphin_causes", "Root causes in the report of health.", report.roots.length),
    {
      name: "dolphin_feed_age_seconds",
      type: "gauge",
      help: "Age of the newest value of a feed.",
      samples: feeds.flatMap(([feed, { age_s }]) => sampleOf({ feed }, age_s)),
    },
    gauge(
      "dolphin_feed_budget_seconds",
      "Maximum age of a feed's newest value.",
      feeds.map(([feed, { budget_s }]) => ({ labels: { feed }, value: budget_s })),
    ),
  ];
}

function incidentMetrics({ incidents, nowMs }: SystemReading): readonly Metric[] {
  if (incidents === null) return [];
  const { bySeverity, byRule, opened, waiting } = incidents;
  const names = new Set<string>([...SEVERITIES, ...bySeverity.keys()]);
  return [
    gauge(
      "dolphin_incidents_open",
      "Incidents that are not resolved.",
      [...names].map((severity) => ({
        labels: { severity },
        value: bySeverity.get(severity) ?? 0,
      })),
    ),
    gauge(
      "dolphin_incidents_open_by_rule",
      "Incidents that are not resolved; a rule without any is left out.",
      [...byRule].map(([rule, value]) => ({ labels: { rule }, value })),
    ),
    counter("dolphin_incidents_total", "Incidents that were opened, in all.", [
      { labels: {}, value: opened },
    ]),
    gauge(
      "dolphin_alerts_waiting",
      "Notifications that a channel has not accepted yet.",
      waiting.map(({ channel, count }) => ({ labels: { channel }, value: count })),
    ),
    gauge(
      "dolphin_alerts_waiting_seconds",
      "Since the oldest waiting notification was created.",
      waiting.map(({ channel, oldestMs }) => ({
        labels: { channel },
        value: Math.max(0, nowMs - oldestMs) / MS_PER_S,
      })),
    ),
  ];
}

function venueMetrics({ venues, nowMs }: SystemReading): readonly Metric[] {
  const states = [...(venues ?? [])];
  const isBefore = (untilMs: number): number => (nowMs < untilMs ? 1 : 0);
  return [
    gauge(
      "dolphin_venue_breaker_open",
      "Whether requests to a venue are suspended after consecutive failures.",
      states.map(([venue, { openUntilMs }]) => ({
        labels: { venue },
        value: isBefore(openUntilMs),
      })),
    ),
    gauge(
      "dolphin_venue_blocked",
      "Whether a venue has asked us to stop sending requests.",
      states.map(([venue, { blockedUntilMs }]) => ({
        labels: { venue },
        value: isBefore(blockedUntilMs),
      })),
    ),
  ];
}

function counterOf(row: ServiceRow | undefined, name: string): number | null {
  const value = row?.counters[name];
  return typeof value === "number" ? value : null;
}
