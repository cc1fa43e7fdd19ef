/** What the keeper of a healthy bridge reports about its run. */
import { RunDetails } from "../../../src/wire/supervision.ts";

export const REPORTED_AT = "2026-03-25T04:00:00+00:00";

const HEALTHY: RunDetails = {
  at: REPORTED_AT,
  service: "scan-bridge",
  life: 4,
  host: "a",
  pid: 77,
  started_ticks: 1,
  started_at: REPORTED_AT,
  rss_mb: 100,
  cpu_percent: 3,
  state: "running",
  word: "Healthy",
  cause: "none",
  action: "none",
  reason: "newest data 2 s old",
  last_seq: 120,
  facts: null,
  counters: {},
  dropped: 0,
  restart_times: [],
  next_try_at: null,
  unkillable_pids: [],
  stopped: false,
};

/** As it is read again: facts may come from a keeper of an older version. */
export function runDetails(changes: Readonly<Record<string, unknown>> = {}): RunDetails {
  return RunDetails.parse({ ...HEALTHY, ...changes });
}
