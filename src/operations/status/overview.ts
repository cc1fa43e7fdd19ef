/**
 * An overview for a person who looks occasionally: the status, health's report, the newest scan's way, and open
 * incidents. A part that cannot be read is null, and does not affect the others.
 */
import { readHealthReport } from "../../adapters/health/health-outlets.ts";
import { readIncidents } from "../../adapters/incident-store/read-incidents.ts";
import { processUsage } from "../../adapters/process/process-facts.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import { openScanWays } from "../../adapters/scan-journal/way/scan-ways.ts";
import { type Incident, shownState } from "../../domain/incidents/incident.ts";
import { SENSOR_NAMES } from "../../domain/health/sample.ts";
import { isoFromMs } from "../../domain/time.ts";
import type { HealthReport } from "../../wire/health/health-report.ts";
import type { SystemStatus } from "../../wire/system-status.ts";
import type { UpFile } from "../../wire/up-file.ts";
import { projectionPath } from "../event-log/event-log-maintenance.ts";
import { openBookWays } from "../trace/book-ways.ts";
import { scanJson } from "../trace/scan-json.ts";
import { traceScan } from "../trace/trace-scan.ts";
import { type StateSentence, stateSentence } from "./state-sentence.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

type SensorView = {
  readonly name: string;
  readonly score: number | null;
  /** Problems, in words. */
  readonly wrong: readonly string[];
};
export type IncidentView = ReturnType<typeof incidentView>;

export type Overview = {
  readonly status: SystemStatus;
  readonly sentence: StateSentence;
  /** Null: no `up` runs on this data directory. */
  readonly up: { readonly pid: number; readonly started_at: string } | null;
  /** The processes of `up` beside the services: servers, worker, watchdog and so on; empty where no `up` runs. */
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number;
    readonly rss_mb: number | null;
  }[];
  readonly health: {
    readonly status: string;
    readonly rm_meta: number | null;
    readonly timestamp: string;
    readonly sensors: readonly SensorView[];
  } | null;
  /** As in `dolphin trace SEQ --json`. */
  readonly flow: ReturnType<typeof scanJson> | null;
  /** Null: there is no database, or it is unreadable. */
  readonly incidents: readonly IncidentView[] | null;
};

const BYTES_PER_MB = 1_048_576;
const OPEN_MAX = 100;
/**
 * The newest scan that BLUE's log has projected is shown whole; if that is this far behind, the newest scan as far as
 * it came.
 */
const BEHIND_MAX = 20;

export type OverviewPlace = {
  readonly dataDir: string;
  /** The running one. */
  readonly up: UpFile | null;
};

export function readOverview(place: OverviewPlace, status: SystemStatus, nowMs: number): Overview {
  const { dataDir, up } = place;
  const health = readHealthReport(dataDir, nowMs);
  return {
    status,
    up: up === null ? null : { pid: up.pid, started_at: up.started_at },
    processes: processesOf(up, status),
    sentence: stateSentence(status, health?.report ?? null),
    health: health === null ? null : healthView(health.report),
    flow: orNull(() => newestFlow(dataDir)),
    incidents: orNull(() => incidentsIn(dataDir, { isOpenOnly: true, count: OPEN_MAX })),
  };
}

function processesOf(up: UpFile | null, { services }: SystemStatus): Overview["processes"] {
  const shown = new Set(services.map(({ service }) => service));
  const others = Object.entries(up?.services ?? {}).filter(([name]) => !shown.has(name));
  return others.map(([name, { pid }]) => {
    const bytes = processUsage(pid)?.rssBytes ?? null;
    return { name, pid, rss_mb: bytes === null ? null : Math.round(bytes / BYTES_PER_MB) };
  });
}

function healthView(report: HealthReport): NonNullable<Overview["health"]> {
  const { status, rm_meta, timestamp, sensors } = report;
  const views = SENSOR_NAMES.map((name) => {
    const { score, parts } = sensors[name];
    const wrong = parts.filter((part) => part.score !== 1).map(({ says }) => says);
    return { name, score, wrong };
  });
  return { status, rm_meta, timestamp, sensors: views };
}

function newestFlow(dataDir: string): Overview["flow"] {
  const scans = openScanWays(scanJournalFile(dataDir));
  if (scans === null) return null;
  const book = orNull(() => openBookWays(projectionPath(dataDir)));
  try {
    const newest = scans.lastSeq();
    if (newest === null) return null;
    const projected = book?.lastSeq() ?? newest;
    const seq = newest - projected <= BEHIND_MAX ? Math.min(projected, newest) : newest;
    const trace = traceScan({ scans, book }, seq);
    return trace === null ? null : scanJson(trace);
  } finally {
    scans.close();
    book?.close();
  }
}

/** Newest first. */
export function incidentsIn(
  dataDir: string,
  how: { readonly isOpenOnly: boolean; readonly count: number },
): readonly IncidentView[] | null {
  const kept = readIncidents(safetyFolder(dataDir));
  if (kept === null) return null;
  try {
    return kept.list(how).map(incidentView);
  } finally {
    kept.close();
  }
}

function incidentView(incident: Incident) {
  const { id, rule, subject, severity, summary, cause, startedAtMs, resolvedAtMs, held } = incident;
  return {
    id,
    rule,
    subject,
    severity,
    summary,
    cause,
    held,
    state: shownState(incident),
    started_at: isoFromMs(startedAtMs),
    resolved_at: resolvedAtMs === null ? null : isoFromMs(resolvedAtMs),
    acknowledged: incident.acknowledged,
  };
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
