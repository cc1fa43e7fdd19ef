/** The record of a simulated life that ended. */
import { isoFromMs } from "../../../src/domain/time.ts";
import type { EndKind } from "../../../src/domain/supervision/next-step.ts";
import type { RunResult } from "../../../src/wire/supervision.ts";
import { type SupervisorState } from "../../../src/domain/supervision/supervisor/supervisor-state.ts";

export function lifeResult(
  { name, state }: { readonly name: string; readonly state: SupervisorState },
  kind: EndKind,
  wallMs: number,
): RunResult {
  return {
    service: name,
    kind,
    why: "simulated",
    life: state.life,
    pid: null,
    exit_code: null,
    signal: null,
    started_at: null,
    at: isoFromMs(wallMs),
    uptime_s: null,
    counters: {},
    last_log: [],
    restart_times: [...state.restart_times],
    local_lives: [],
    unkillable_pids: [],
  };
}
