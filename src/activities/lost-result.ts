/** The record of a life whose worker died, and the process with it, because its control pipe closed. */
import type { RunDetails, RunResult } from "../wire/supervision.ts";

export function lostResult(
  earlier: RunDetails,
  found: { readonly at: string; readonly host: string },
): RunResult {
  const { at } = found;
  const startedMs = earlier.started_at === null ? null : Date.parse(earlier.started_at);
  return {
    service: earlier.service,
    kind: "lost",
    why: `its worker on ${earlier.host} died (found by ${found.host})`,
    life: earlier.life,
    pid: earlier.pid,
    exit_code: null,
    signal: null,
    started_at: earlier.started_at,
    at,
    uptime_s: startedMs === null ? null : (Date.parse(at) - startedMs) / 1_000,
    counters: earlier.counters,
    last_log: [],
    restart_times: earlier.restart_times,
    local_lives: [],
    unkillable_pids: earlier.unkillable_pids,
  };
}
