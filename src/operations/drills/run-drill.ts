/**
 * One drill: waits until the system is healthy, injects the fault, observes ten times a second until it has
 * recovered, and scores the result. Invariant: however it ends, the fault is undone before it returns or throws.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Injected } from "../../adapters/faults/injected.ts";
import type { Strike } from "../../adapters/faults/strikes.ts";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import type { FaultSpec } from "../../domain/drills/drill-faults.ts";
import {
  type DrillObservation,
  rootsOf,
  type Sign,
} from "../../domain/drills/drill-observation.ts";
import {
  beginTimeline,
  hasPassed,
  type TimelinePoint,
  scoreTimeline,
  stepTimeline,
  type Timeline,
} from "../../domain/drills/timeline.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import type { DrillAlerts } from "./drill-alerts.ts";
import { followSigns } from "./drill-signs.ts";
import type { DrillWatch } from "./drill-watch.ts";

export type DrillResult = {
  readonly fault: string;
  readonly outcome: "passed" | "failed" | "interrupted" | "cannot";
  /** What was done, or why it was not. */
  readonly how: string;
  readonly injected_at: string | null;
  readonly timeline: readonly TimelinePoint[];
  /** Services that restarted although the fault should not have touched them. */
  readonly restarted_beyond: readonly string[];
  readonly signs: readonly { readonly at_s: number; readonly by: string; readonly says: string }[];
};

export type DrillDeps = {
  readonly watch: DrillWatch;
  readonly dataDir: string;
  readonly plan: (pids: DrillObservation["pids"]) => Strike;
  /** Aborted by Ctrl-C: the fault is undone, and the observations are reported. */
  readonly stop: AbortSignal;
  readonly onPoint: (text: string) => void;
  readonly alerts: DrillAlerts;
};

const WATCHDOG = "watchdog";
const POLL_EVERY_MS = 100;
const CALM_WITHIN_MS = 90_000;
/** A process that an earlier drill has killed may just be coming back. */
const ABSENT_MS = 5_000;
/** Time beyond the budget for which a recovery is awaited, to report how late it was. */
const PATIENCE_MS = 90_000;
/** An alert may follow a recovery. */
const ALERT_PATIENCE_MS = 70_000;
const SIGNS_REPORTED_MAX = 20;

export async function runDrill(fault: FaultSpec, deps: DrillDeps): Promise<DrillResult> {
  const { watch, stop } = deps;
  const before = await untilCalm(fault, deps);
  if (typeof before === "string") return notDone(fault, before);
  const strike = deps.plan(before.pids);
  if (strike.kind === "cannot") return notDone(fault, strike.why);
  const signs = followSigns(deps.dataDir, fault.targets);
  const poll = createReportedSigns(fault, before);
  const observeNow = (sinceMs: number): DrillObservation => {
    const observed = watch.observe();
    const alerts = alertsOf(fault, deps.alerts, { observed, sinceMs });
    return { ...observed, alerts, signs: [...signs.poll(), ...poll(observed)] };
  };
  let injected: Injected | null = null;
  try {
    deps.onPoint(`${fault.name}: ${strike.how}`);
    injected = strike.strike();
    // Read only now, because finding a connection or filling a disk takes a while.
    const injectedMs = wallMs();
    let timeline = beginTimeline(injectedMs);
    // Values of Hazelcast were requested before the injection, which may have stopped this process.
    await delay(2 * POLL_EVERY_MS);
    const known = withNewestScan(before, watch.observe());
    const startedMs = monotonicMs();
    const limitMs = (fault.lastsS + fault.recover.withinS) * MS_PER_SECOND + PATIENCE_MS;
    while (!stop.aborted && monotonicMs() - startedMs < limitMs) {
      const isDue = fault.lastsS * MS_PER_SECOND <= monotonicMs() - startedMs;
      if (injected !== null && isDue) {
        injected.undo();
        injected = null;
        timeline = { ...timeline, undoneMs: wallMs() };
      }
      timeline = stepTimeline(timeline, fault, { before: known, now: observeNow(injectedMs) });
      if (isOver(timeline, fault)) break;
      await delay(POLL_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
    }
    return resultOf(timeline, fault, { how: strike.how, isCut: stop.aborted });
  } finally {
    injected?.undo();
    signs.close();
  }
}

function isOver(timeline: Timeline, fault: FaultSpec): boolean {
  const { recoveredMs, detectedMs, alertedMs, injectedMs, hasAlerts } = timeline;
  const isAwaited = hasAlerts && fault.alertRule !== null;
  if (recoveredMs === null) return false;
  if (fault.detectWithinS === null) return true;
  const sinceMs = wallMs() - injectedMs;
  const isDetected = detectedMs !== null || fault.detectWithinS * MS_PER_SECOND < sinceMs;
  const isAlerted = alertedMs !== null || !isAwaited || ALERT_PATIENCE_MS < sinceMs;
  return isDetected && isAlerted;
}

/** Scans pushed before the injection prove nothing about the time after it. */
function withNewestScan(
  before: DrillObservation,
  struck: Pick<DrillObservation, "values">,
): DrillObservation {
  const scan = struck.values?.scan ?? null;
  if (before.values === null || scan === null) return before;
  return { ...before, values: { ...before.values, scan } };
}

/** Null: alerting does not run. */
function alertsOf(
  { alertRule }: FaultSpec,
  alerts: DrillAlerts,
  now: { readonly observed: Pick<DrillObservation, "pids">; readonly sinceMs: number },
): DrillObservation["alerts"] {
  if (now.observed.pids[WATCHDOG] === undefined) return null;
  return { openedMs: alertRule === null ? null : alerts.openedSince(alertRule, now.sinceMs) };
}

/** The look before the fault, or why the drill can't start. */
async function untilCalm(fault: FaultSpec, deps: DrillDeps): Promise<DrillObservation | string> {
  const { watch, stop } = deps;
  const startedMs = monotonicMs();
  let scanSeq: number | null = null;
  for (;;) {
    const observed: DrillObservation = { ...watch.observe(), alerts: null, signs: [] };
    const seq = observed.values?.scan?.seq ?? null;
    const doScansCome = scanSeq !== null && seq !== null && scanSeq < seq;
    const absent = fault.targets.filter((name) => observed.pids[name] === undefined);
    const missing = [
      ...absent.map((name) => `${name} runs`),
      ...(observed.values === null ? ["Hazelcast answers"] : []),
      ...(observed.isTemporalThere ? [] : ["Temporal answers"]),
      ...(doScansCome ? [] : ["scans arrive"]),
      ...rootsOf(fault, observed.roots ?? []).map((id) => `health no longer reports ${id}`),
    ];
    if (missing.length === 0) return observed;
    const waitedMs = monotonicMs() - startedMs;
    if (0 < absent.length && ABSENT_MS < waitedMs) {
      const strike = deps.plan(observed.pids);
      if (strike.kind === "cannot") return strike.why;
    }
    if (stop.aborted) return "interrupted before it was injected";
    if (CALM_WITHIN_MS < waitedMs)
      return `the system is not healthy: waited in vain until ${missing.join(", ")}`;
    scanSeq ??= seq;
    await delay(POLL_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Signs from health and from the targets' own states, each once, with the time of its first appearance. */
function createReportedSigns({ roots, targets }: FaultSpec, before: DrillObservation) {
  const known = new Set(before.roots);
  const reported = new Map<string, Sign>();
  const tell = (sign: Sign): void => {
    const key = `${sign.by} ${sign.says}`;
    if (!reported.has(key) && reported.size < SIGNS_REPORTED_MAX) reported.set(key, sign);
  };
  return ({
    atMs,
    ...now
  }: Pick<DrillObservation, "atMs" | "roots" | "values">): readonly Sign[] => {
    for (const id of rootsOf({ roots }, now.roots ?? [])) {
      if (!known.has(id)) tell({ atMs, by: "health", says: id });
    }
    for (const name of targets) {
      const says = now.values?.beats[name]?.waits ?? null;
      if (says !== null) tell({ atMs, by: `heartbeat of ${name}`, says });
    }
    return [...reported.values()];
  };
}

function notDone(fault: FaultSpec, how: string): DrillResult {
  return {
    fault: fault.name,
    outcome: "cannot",
    how,
    injected_at: null,
    timeline: [],
    restarted_beyond: [],
    signs: [],
  };
}

function resultOf(
  timeline: Timeline,
  fault: FaultSpec,
  { how, isCut }: { readonly how: string; readonly isCut: boolean },
): DrillResult {
  const points = scoreTimeline(timeline, fault);
  const signs = timeline.signs.toSorted((a, b) => a.atMs - b.atMs).slice(0, SIGNS_REPORTED_MAX);
  const isOk = hasPassed(timeline, points);
  return {
    fault: fault.name,
    outcome: isCut ? "interrupted" : isOk ? "passed" : "failed",
    how,
    injected_at: isoFromMs(timeline.injectedMs),
    timeline: points,
    restarted_beyond: timeline.costs,
    signs: signs.map(({ atMs, by, says }) => ({
      at_s: Math.round(atMs - timeline.injectedMs) / 1_000,
      by,
      says,
    })),
  };
}
