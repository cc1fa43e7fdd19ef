/** A system status as `dolphin status` reads it: healthy, except for a test's overrides. */
import { z } from "zod";
import type { ServiceRow, SystemStatus } from "../../src/wire/system-status.ts";

/** What the tests read of `dolphin status --json`. */
export const Status = z.object({
  status: z.string(),
  exit: z.number(),
  services: z.array(
    z.looseObject({
      service: z.string(),
      status: z.string(),
      why: z.string(),
      pid: z.number().nullable(),
      last_seq: z.number().nullable(),
      source: z.string(),
    }),
  ),
  servers: z.array(z.looseObject({ server: z.string(), answered_ms: z.number().nullable() })),
  latest_scan: z.looseObject({ seq: z.number() }).nullable(),
});

export type StatusChange = {
  readonly status?: ServiceRow["status"];
  readonly exit?: SystemStatus["exit"];
  readonly backlog?: number;
};

export function aStatus({ status = "Healthy", exit = 0, backlog = 0 }: StatusChange): SystemStatus {
  const bridge: ServiceRow = {
    service: "scan-bridge",
    role: "bridge",
    book: null,
    status,
    cause: "none",
    why: "newest data 2 s old",
    state: "running",
    pid: 12_345,
    up_s: 60,
    life: 1,
    mode: "auto",
    last_seq: 120,
    last_scan_number: 120,
    newest_data_age_s: 2,
    backlog,
    restarts: 0,
    restarts_max: 3,
    next_try_at: null,
    rss_mb: 101.5,
    cpu_percent: 1,
    limits: null,
    counters: {},
    source: "temporal",
  };
  return {
    checked_at: "2026-03-25T04:00:00.000000+00:00",
    status,
    exit,
    services: [bridge],
    servers: [
      { server: "temporal", address: "127.0.0.1:7233", answered_ms: 12.5, problem: null },
      { server: "hazelcast", address: "127.0.0.1:5701", answered_ms: 3, problem: null },
    ],
    archive: { path: "/srv/scans", state: "ok, as the bridge sees it" },
    disk: { path: "/srv/data", state: "ok, 12.0 GB free" },
    latest_scan: null,
    schedules: [],
    temporal_ui: null,
    dashboard: null,
  };
}
