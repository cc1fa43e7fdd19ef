/** A service as health sees it: based on the rows of `status`, plus what these leave out. */
import { join } from "node:path";
import type { ServiceSample } from "../../domain/health/sample.ts";
import type { RestartPolicy } from "../../domain/supervision/restart-policy.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import type { WorkFacts, Verdict } from "../../domain/supervision/verdict.ts";
import type { ServiceRow } from "../../wire/system-status.ts";
import { isProcessAlive, processUsage } from "../../adapters/process/process-facts.ts";
import { readRunFile } from "../../adapters/process/run-file.ts";
import {
  type LocalSigns,
  rowFromSigns,
  rowFromSupervision,
  type Supervision,
} from "../status/service-row.ts";

export type Witnesses = {
  readonly spec: ServiceSpec;
  readonly policy: RestartPolicy;
  readonly dataDir: string;
  readonly nowMs: number;
  /** Null: Temporal does not answer. */
  readonly supervision: Supervision | null;
  readonly heartbeat: LocalSigns["heartbeat"];
  /** The supervisor's last known intent; null: never heard. */
  readonly lastIntent: boolean | null;
};

/** An older report of the keeper is not current. */
const REPORT_AGE_S_MAX = 10;

export function serviceSample(of: Witnesses): ServiceSample {
  return of.supervision === null ? fromSigns(of) : fromSupervision(of, of.supervision);
}

/** The service's facts from the best source; null: nobody reports them now. */
export function factsOf({ supervision, heartbeat }: Witnesses): {
  readonly facts: WorkFacts;
  readonly ageS: number;
} | null {
  const run = supervision?.run;
  if (run?.kind === "reported" && run.ageS <= REPORT_AGE_S_MAX && run.details.facts !== null) {
    return { facts: run.details.facts, ageS: run.ageS };
  }
  if (heartbeat?.facts == null || REPORT_AGE_S_MAX < heartbeat.ageS) return null;
  return { facts: heartbeat.facts, ageS: heartbeat.ageS };
}

/** The service's counters as last reported; empty where nobody reports them now. */
export function countersOf({
  supervision,
  heartbeat,
}: Witnesses): Readonly<Record<string, number | string | null>> {
  const run = supervision?.run;
  if (run?.kind === "reported" && run.ageS <= REPORT_AGE_S_MAX) return run.details.counters;
  return heartbeat === null || REPORT_AGE_S_MAX < heartbeat.ageS ? {} : heartbeat.counters;
}

export function intentIn({ status }: Supervision): boolean | null {
  return status === null ? null : status.intent === "running";
}

function fromSupervision(of: Witnesses, supervision: Supervision): ServiceSample {
  const { spec, policy, nowMs, heartbeat } = of;
  const { status, run } = supervision;
  const row = rowFromSupervision(supervision, { spec, policy, nowMs, ended: null });
  const details = run.kind === "reported" && run.ageS <= REPORT_AGE_S_MAX ? run.details : null;
  const isWanted = intentIn(supervision) ?? spec.autostart;
  // The keeper receives each beat on the pipe, and reports when one is missing.
  const isBeating = details !== null && details.pid !== null && details.word !== "Down";
  return {
    name: spec.name,
    isWanted,
    phase: !isWanted && status?.pid == null ? "stopped" : phaseOf(row, of),
    verdict: verdictOf(row, details?.action ?? "none"),
    restarts: row.restarts,
    beatAgeS: isBeating && run.kind === "reported" ? run.ageS : (heartbeat?.ageS ?? null),
  };
}

function phaseOf(row: ServiceRow, of: Witnesses): ServiceSample["phase"] {
  if (row.status === "FATAL") return "fatal";
  if (row.status === "Starting") return "starting";
  const run = of.supervision?.run;
  const isHeard = run?.kind === "reported" && run.ageS <= REPORT_AGE_S_MAX;
  // A process that nobody reports may run all the same.
  if (!isHeard && run?.kind !== "none") return processOf(of) === null ? "absent" : "running";
  return row.pid === null || !isHeard ? "absent" : "running";
}

function fromSigns(of: Witnesses): ServiceSample {
  const { spec, policy, nowMs, heartbeat, lastIntent } = of;
  const process = processOf(of);
  const row = rowFromSigns({ process, heartbeat }, { spec, policy, nowMs });
  const isKnown = readRunFile(join(of.dataDir, "run"), spec.name) !== null;
  return {
    name: spec.name,
    isWanted: lastIntent ?? spec.autostart,
    phase: process !== null ? "running" : isKnown ? "absent" : "unknown",
    verdict: verdictOf(row, row.status === "Down" ? "restart" : "none"),
    restarts: row.restarts,
    beatAgeS: heartbeat?.ageS ?? null,
  };
}

function processOf({ dataDir, spec }: Witnesses): LocalSigns["process"] {
  const run = readRunFile(join(dataDir, "run"), spec.name);
  if (run === null || !isProcessAlive(run.pid, run.started_ticks)) return null;
  const startedAtMs = Date.parse(run.started_at);
  const rssBytes = processUsage(run.pid)?.rssBytes ?? null;
  return { pid: run.pid, life: run.life, startedAtMs, rssBytes };
}

function verdictOf({ status, cause, why }: ServiceRow, action: Verdict["action"]): Verdict {
  return { word: status, cause, action, reason: why };
}
