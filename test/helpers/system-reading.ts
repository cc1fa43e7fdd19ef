/** A system reading in which everything is known, for tests of views. */
import type { SystemReading } from "../../src/wire/metrics/system-metrics.ts";
import type { SafetyView } from "../../src/wire/safety/safety-control.ts";
import type { ServiceRow } from "../../src/wire/system-status.ts";

export function rowOf(service: string, changes: Partial<ServiceRow> = {}): ServiceRow {
  return {
    service,
    role: "bridge",
    book: null,
    status: "Healthy",
    cause: "none",
    why: "all is well",
    state: "running",
    pid: 4_711,
    up_s: 120,
    life: 3,
    mode: "auto",
    last_seq: 77,
    last_scan_number: 1_077,
    newest_data_age_s: 0.4,
    backlog: 0,
    restarts: 1,
    restarts_max: 3,
    next_try_at: null,
    rss_mb: 120,
    cpu_percent: 2,
    limits: null,
    counters: {},
    source: "temporal",
    ...changes,
  };
}

const BRIDGE = {
  duplicates: 1,
  quarantined: 2,
  complete_to_seen_ms_p50: 1,
  complete_to_hazelcast_ms_p99: 12.5,
};
const BOOK = {
  equity: 100_250.5,
  cash: 100_000,
  positions: 1,
  trades: 12,
  liquidations: 0,
  posture: "APEX",
  scan_to_commands_ms_p50: 0.2,
};
const READING = { score: 1, parts: [] };

const NOW_MS = Date.parse("2026-03-25T04:00:00Z");
const WATCHDOG: SafetyView = {
  posture: "STALKER",
  entries: "go",
  reasons: [],
  latch: null,
  at: "2026-03-25T04:00:00.000000+00:00",
  pid: 5,
  started_at: "2026-03-25T03:00:00.000000+00:00",
  trader: "ok",
  hazelcast: "ok",
  trouble: null,
  duties: {},
  figures: {
    posture: {
      rounds: 7_200,
      rounds_failed: 1,
      trader_silent: 2,
      published: 3_600,
      publish_failed: 4,
      falls: 5,
      rises: 4,
      stops: 1,
    },
    delivery: {
      runs: true,
      restarts: 2,
      hanging: 0,
      channels: { hook: { delivered: 9, failed: 8, given_up: 1, is_open: true, failing: true } },
    },
  },
};

export function fullReading(): SystemReading {
  return {
    status: {
      checked_at: "2026-03-25T04:00:00.000000+00:00",
      status: "Healthy",
      exit: 0,
      services: [
        rowOf("scan-bridge", { counters: BRIDGE }),
        rowOf("trader-blue", { role: "trader", book: "BLUE", life: 1, counters: BOOK }),
      ],
      servers: [
        { server: "temporal", address: "127.0.0.1:7233", answered_ms: 3, problem: null },
        { server: "hazelcast", address: "127.0.0.1:5701", answered_ms: null, problem: null },
      ],
      archive: { path: "/archive", state: "ok" },
      disk: { path: "/data", state: "ok" },
      latest_scan: {
        scan_number: 1_077,
        seq: 77,
        assets: 50,
        timestamp: "2026-03-25T04:00:00.000000+00:00",
        age_s: 0.5,
        replayed: false,
      },
      schedules: null,
      temporal_ui: null,
      dashboard: null,
    },
    health: {
      ageMs: 1_500,
      report: {
        rm_meta: 0.9,
        status: "GREEN",
        causes: [],
        m1_proc: 1,
        m2_heartbeat: 1,
        m3_data_freshness: 0.9,
        m4_control_plane: 1,
        m5_coherence: null,
        subsystem_health: {
          processes: { "scan-bridge": 1 },
          data_sources: { scans: { score: 1, age_s: 0.5, budget_s: 30 } },
        },
        timestamp: "2026-03-25T04:00:00.000000+00:00",
        roots: [],
        dependencies: {},
        counters: {},
        symptoms: [],
        sensors: {
          m1_proc: READING,
          m2_heartbeat: READING,
          m3_data_freshness: READING,
          m4_control_plane: READING,
          m5_coherence: { score: null, parts: [] },
        },
      },
    },
    incidents: {
      bySeverity: new Map([["warning", 3]]),
      byRule: new Map([["stale_data", 3]]),
      opened: 17,
      waiting: [{ channel: "hook", count: 2, oldestMs: NOW_MS - 30_000 }],
    },
    watchdog: WATCHDOG,
    venues: new Map([
      [
        "deribit",
        { weight: 1, atMs: NOW_MS, blockedUntilMs: 0, failures: 5, openUntilMs: NOW_MS + 1 },
      ],
    ]),
    nowMs: NOW_MS,
  };
}
