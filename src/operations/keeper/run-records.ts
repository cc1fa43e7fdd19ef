/** The records of a service process's life: its facts while it runs, its end, and the time between lives. */
import { hostname } from "node:os";
import { reasonAfterEnd, wordAfterEnd } from "../../domain/supervision/next-step.ts";
import type { NextStep } from "../../domain/supervision/next-step.ts";
import { isoFromMs } from "../../domain/time.ts";
import { verdict } from "../../domain/supervision/verdict.ts";
import type { ServiceTerms } from "../../domain/supervision/verdict.ts";
import type { LifeEnd, RunDetails } from "../../wire/supervision.ts";
import { wallMs } from "../../adapters/clock.ts";
import type { LifeWatch } from "./life-watch.ts";
import type { ServiceEnd, ServiceProcess } from "../../adapters/process/service-process.ts";

type Common = Pick<RunDetails, "service" | "life" | "restart_times" | "unkillable_pids" | "limits">;
type KnownEnd = Pick<ServiceEnd, "kind" | "why"> & Partial<ServiceEnd>;

/** Asked once: it is in each of several observations a second. */
const HOST = hostname();
const BYTES_PER_MB = 1_048_576;

export function lifeEndOf(life: number, process: ServiceProcess | null, end: KnownEnd): LifeEnd {
  return {
    kind: end.kind,
    why: end.why,
    life,
    pid: process?.pid ?? null,
    exit_code: end.exitCode ?? null,
    signal: end.signal ?? null,
    started_at: process === null ? null : isoFromMs(process.startedAtMs),
    at: isoFromMs(wallMs()),
    uptime_s: end.uptimeMs === undefined ? null : Math.round(end.uptimeMs) / 1_000,
    counters: process?.beat()?.counters ?? {},
    last_log: [...(end.lastLog ?? [])],
  };
}

export function detailsOfLife(
  common: Common,
  process: ServiceProcess,
  seen: { readonly watch: LifeWatch; readonly row: ServiceTerms },
): RunDetails {
  const observation = seen.watch.observation();
  const cpu = seen.watch.cpuPercent();
  const beat = process.beat();
  const seq = beat?.counters["last_seq"];
  const stuck = common.unkillable_pids;
  const { reason, ...found } = verdict(observation, seen.row);
  return {
    ...blank(common),
    ...found,
    ...(0 < stuck.length ? { action: "alert" as const } : {}),
    reason: stuck.length === 0 ? reason : `${reason}; pid ${stuck.join(", ")} cannot be killed`,
    pid: process.pid,
    started_ticks: process.ticks,
    started_at: isoFromMs(process.startedAtMs),
    rss_mb: observation.rssBytes === null ? null : Math.round(observation.rssBytes / BYTES_PER_MB),
    cpu_percent: cpu === null ? null : Math.round(cpu * 10) / 10,
    state: beat?.state ?? "starting",
    last_seq: typeof seq === "number" ? seq : null,
    facts: beat?.facts ?? null,
    counters: beat?.counters ?? {},
    dropped: beat?.dropped ?? 0,
  };
}

export function detailsBetweenLives(
  common: Common,
  lastEnd: LifeEnd | null,
  step: NextStep,
): RunDetails {
  if (lastEnd === null) return blank(common);
  const next_try_at = "atMs" in step ? isoFromMs(step.atMs) : null;
  return {
    ...blank(common),
    word: wordAfterEnd(step, lastEnd.kind),
    cause: "process",
    action: "alert",
    state: "ended",
    reason: reasonAfterEnd(step, lastEnd),
    next_try_at,
  };
}

function blank(common: Common): RunDetails {
  return {
    ...common,
    at: isoFromMs(wallMs()),
    host: HOST,
    pid: null,
    started_ticks: null,
    started_at: null,
    rss_mb: null,
    cpu_percent: null,
    state: "starting",
    word: "Starting",
    cause: "none",
    action: "none",
    reason: "being started",
    last_seq: null,
    facts: null,
    counters: {},
    dropped: 0,
    next_try_at: null,
    stopped: false,
  };
}
