/** The beats of health: a summary of the last report, and problems in publishing it. */
import type { DependencyState } from "../../domain/supervision/ties.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { alertOf } from "../../wire/facts/bridge-facts.ts";
import type { HealthReport } from "../../wire/health/health-report.ts";
import type { Beat } from "../shell/run-service.ts";

export type HealthStanding = {
  /** Null before the first. */
  readonly report: HealthReport | null;
  readonly ageMs: number | null;
  readonly servers: Readonly<Record<"temporal" | "hazelcast", DependencyState>>;
  /** Why no history is recorded. */
  readonly trouble: string | null;
  readonly untold: number;
  /** Why metaHealth can't be told about transitions. */
  readonly unheard: string | null;
};

/** Limited by the size of a beat. */
const CAUSE_CHARS_MAX = 400;
/** Three samples. */
const BUDGET_S = 15;

export function healthBeat({
  report,
  ageMs,
  servers,
  trouble,
  untold,
  unheard,
}: HealthStanding): Beat {
  const ageS = ageMs === null ? null : ageMs / MS_PER_SECOND;
  return {
    state: report === null ? "starting" : [report.status, ...report.causes].join("; "),
    facts: {
      dependencies: servers,
      inputs: [{ name: "samples", ageS, budgetS: BUDGET_S }],
      queue: null,
      notes: [
        ...(trouble === null ? [] : [alertOf("samples", `no history: ${trouble}`)]),
        // Temporal being away is reported already.
        ...(unheard === null || servers.temporal !== "ok"
          ? []
          : [alertOf("samples", `metaHealth cannot be notified: ${unheard}`)]),
      ],
    },
    counters: {
      rm_meta: report?.rm_meta ?? null,
      health: report?.status ?? null,
      cause: report?.causes.join("; ").slice(0, CAUSE_CHARS_MAX) ?? null,
      m1_proc: report?.m1_proc ?? null,
      m2_heartbeat: report?.m2_heartbeat ?? null,
      m3_data_freshness: report?.m3_data_freshness ?? null,
      m4_control_plane: report?.m4_control_plane ?? null,
      m5_coherence: report?.m5_coherence ?? null,
      untold,
    },
  };
}
