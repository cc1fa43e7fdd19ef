/**
 * One service's row of the status, from the best source that answered: the run's heartbeat, the supervisor's memo,
 * and without Temporal the run file and the service's own heartbeat. Invariant: words and sentences come from the
 * verdict; nothing here judges data.
 */
import type { RecordedProcess } from "../../adapters/process/run-file.ts";
import type { RestartPolicy } from "../../domain/supervision/restart-policy.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { verdict, type Verdict, type WorkFacts } from "../../domain/supervision/verdict.ts";
import type { RunDetails, ServiceStatus } from "../../wire/supervision.ts";
import type { ServiceRow } from "../../wire/system-status.ts";

/** Temporal's data on one service; ages in seconds. */
export type Supervision = {
  /** Null: there is no such workflow, or it is closed. */
  readonly status: ServiceStatus | null;
  readonly run:
    | { readonly kind: "none" }
    /** No worker has taken its activity, or it has not reported yet. */
    | { readonly kind: "silent"; readonly sinceS: number }
    | { readonly kind: "reported"; readonly details: RunDetails; readonly ageS: number };
};

/** What can be known of a service without Temporal. */
export type LocalSigns = {
  readonly process: {
    readonly pid: number;
    readonly life: number;
    readonly startedAtMs: number;
    readonly rssBytes: number | null;
  } | null;
  readonly heartbeat: {
    readonly ageS: number;
    readonly state: string | null;
    readonly facts: WorkFacts | null;
    readonly counters: ServiceRow["counters"];
  } | null;
};

/** The activity's heartbeat comes each second and times out after five. */
const REPORT_AGE_S_MAX = 10;
const BYTES_PER_MB = 1_048_576;

type About = {
  readonly spec: ServiceSpec;
  readonly policy: RestartPolicy;
  readonly nowMs: number;
};

export function rowFromSupervision(
  supervision: Supervision,
  about: About & {
    /** Seen on this machine. */
    readonly ended: RecordedProcess | null;
  },
): ServiceRow {
  const { status, run } = supervision;
  const details = run.kind === "reported" ? run.details : null;
  const shown = endedSince(details, about.ended) ?? shownVerdict(supervision, about.spec);
  const times = (details ?? status)?.restart_times ?? [];
  const windowStartMs = about.nowMs - about.policy.windowMs;
  const startedAt = (details ?? status)?.started_at ?? null;
  const counters = details?.counters ?? {};
  return {
    service: about.spec.name,
    role: about.spec.role,
    book: about.spec.book,
    status: shown.word,
    cause: shown.cause,
    why: shown.reason,
    state: details?.state ?? null,
    pid: (details ?? status)?.pid ?? null,
    up_s: startedAt === null ? null : Math.max(0, (about.nowMs - Date.parse(startedAt)) / 1_000),
    life: (details ?? status)?.life ?? null,
    mode: status?.mode ?? null,
    last_seq: details?.last_seq ?? numberIn(counters, "last_seq"),
    last_scan_number: numberIn(counters, "last_scan_number"),
    newest_data_age_s: details?.facts?.inputs[0]?.ageS ?? null,
    backlog: details?.facts?.queue?.waiting ?? null,
    restarts: times.filter((at) => windowStartMs < Date.parse(at)).length,
    restarts_max: status?.declared?.restarts_max ?? about.policy.restartsMax,
    next_try_at: (details ?? status)?.next_try_at ?? null,
    rss_mb: details?.rss_mb ?? null,
    cpu_percent: details?.cpu_percent ?? null,
    limits: details?.limits ?? null,
    counters,
    source: "temporal",
  };
}

type ShownVerdict = Pick<Verdict, "word" | "cause" | "reason">;

function shownVerdict({ status, run }: Supervision, spec: ServiceSpec): ShownVerdict {
  if (run.kind === "reported") {
    if (run.ageS <= REPORT_AGE_S_MAX) return status === null ? alone(run.details) : run.details;
    return unheard(`no worker has reported on it for ${Math.round(run.ageS)} s`, spec);
  }
  if (run.kind === "silent" && REPORT_AGE_S_MAX < run.sinceS) {
    return unheard(`no worker has taken its run for ${Math.round(run.sinceS)} s`, spec);
  }
  if (status !== null && run.kind === "none" && status.pid !== null) {
    const reason = `the process ${status.pid} has ended; the supervisor decides what comes next`;
    return { word: "Down", cause: "process", reason };
  }
  if (status !== null) return status;
  return { word: "Down", cause: "none", reason: "no supervisor; 'dolphin create' starts it" };
}

/** If the report is of this very process. */
function endedSince(
  reported: RunDetails | null,
  ended: RecordedProcess | null,
): ShownVerdict | null {
  if (ended === null || reported?.pid !== ended.pid) return null;
  if (reported.started_ticks !== ended.started_ticks) return null;
  const reason = `the process ${ended.pid} has ended, and no worker has reported that yet`;
  return { word: "Down", cause: "process", reason };
}

/** It runs, but nobody would restart it. */
function alone({ word, cause, reason }: ShownVerdict): ShownVerdict {
  const graver = word === "Healthy" || word === "Waiting" ? "Warning" : word;
  return { word: graver, cause, reason: `no supervisor, 'dolphin create' starts it; ${reason}` };
}

function unheard(what: string, { layer }: ServiceSpec): ShownVerdict {
  const reason = `${what}; is 'dolphin worker ${layer}' running?`;
  return { word: "Down", cause: "process", reason };
}

export function rowFromSigns({ process, heartbeat }: LocalSigns, about: About): ServiceRow {
  const judged = verdict(
    {
      phase: process === null ? "absent" : "running",
      silentS: heartbeat?.ageS ?? 0,
      rssBytes: process?.rssBytes ?? null,
      cpuPercent: null,
      facts: heartbeat?.facts ?? null,
      state: heartbeat?.state ?? null,
      dependenciesOkS: 0,
    },
    about.spec,
  );
  const counters = heartbeat?.counters ?? {};
  const upS = process === null ? null : Math.max(0, (about.nowMs - process.startedAtMs) / 1_000);
  return {
    service: about.spec.name,
    role: about.spec.role,
    book: about.spec.book,
    status: judged.word,
    cause: judged.cause,
    why: `${judged.reason}; Temporal does not answer, ${witnesses({ process, heartbeat })}`,
    state: heartbeat?.state ?? null,
    pid: process?.pid ?? null,
    up_s: upS,
    life: process?.life ?? null,
    mode: null,
    last_seq: numberIn(counters, "last_seq"),
    last_scan_number: numberIn(counters, "last_scan_number"),
    newest_data_age_s: heartbeat?.facts?.inputs[0]?.ageS ?? null,
    backlog: heartbeat?.facts?.queue?.waiting ?? null,
    restarts: null,
    restarts_max: about.policy.restartsMax,
    next_try_at: null,
    rss_mb:
      process?.rssBytes == null ? null : Math.round((process.rssBytes / BYTES_PER_MB) * 10) / 10,
    cpu_percent: null,
    limits: null,
    counters,
    source: heartbeat === null ? (process === null ? "none" : "run file") : "hazelcast",
  };
}

function witnesses({ process, heartbeat }: LocalSigns): string {
  if (process === null) return "and no run file names a running process";
  return heartbeat === null
    ? "this comes from its run file only"
    : "this comes from its run file and its heartbeat in Hazelcast";
}

function numberIn(counters: ServiceRow["counters"], key: string): number | null {
  const value = counters[key];
  return typeof value === "number" ? value : null;
}
