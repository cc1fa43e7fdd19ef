/**
 * The timeline of one drill: when the fault was injected, detected, alerted, undone and over, each with its budget.
 * Invariant: a point is set once, and a budget that could not be observed counts as neither met nor missed.
 */
import { ALERT_WITHIN_S, type FaultSpec, type Since } from "./drill-faults.ts";
import {
  costBeyond,
  type DrillObservation,
  missingOf,
  rootsOf,
  type Sign,
} from "./drill-observation.ts";

export type Timeline = {
  readonly injectedMs: number;
  readonly detectedMs: number | null;
  readonly alertedMs: number | null;
  readonly undoneMs: number | null;
  /** When a killed server answered again. */
  readonly backMs: number | null;
  readonly recoveredMs: number | null;
  /** What was still missing at the last look. */
  readonly missing: readonly string[];
  readonly signs: readonly Sign[];
  readonly costs: readonly string[];
  readonly hasAlerts: boolean;
};

export function beginTimeline(injectedMs: number): Timeline {
  return {
    injectedMs,
    detectedMs: null,
    alertedMs: null,
    undoneMs: null,
    backMs: null,
    recoveredMs: null,
    missing: [],
    signs: [],
    costs: [],
    hasAlerts: false,
  };
}

export function stepTimeline(
  timeline: Timeline,
  fault: FaultSpec,
  { before, now }: { readonly before: DrillObservation; readonly now: DrillObservation },
): Timeline {
  const { values } = now;
  const isBack = values !== null && values.member !== before.values?.member;
  const signs = now.signs.length === 0 ? timeline.signs : now.signs;
  // A fault that is still to be undone cannot be over, except for a process that was replaced meanwhile.
  const isStanding = 0 < fault.lastsS && timeline.undoneMs === null && fault.costs.length === 0;
  const missing = isStanding ? ["the fault still persists"] : stillMissing(fault, before, now);
  return {
    ...timeline,
    signs,
    missing,
    hasAlerts: timeline.hasAlerts || now.alerts !== null,
    detectedMs: timeline.detectedMs ?? earliest(signs),
    alertedMs: timeline.alertedMs ?? now.alerts?.openedMs ?? null,
    backMs: timeline.backMs ?? (isBack ? now.atMs : null),
    recoveredMs: timeline.recoveredMs ?? (missing.length === 0 ? now.atMs : null),
    costs: [...new Set([...timeline.costs, ...costBeyond(fault, before, now)])],
  };
}

/** If health reports the fault, its root cause has to be gone as well. */
function stillMissing(
  fault: FaultSpec,
  before: DrillObservation,
  now: DrillObservation,
): readonly string[] {
  const left = fault.lastsS === 0 ? [] : rootsOf(fault, now.roots ?? []);
  return [...missingOf(fault, before, now), ...left.map((id) => `health still reports ${id}`)];
}

function earliest(signs: readonly Sign[]): number | null {
  return signs.length === 0 ? null : Math.min(...signs.map(({ atMs }) => atMs));
}

export type TimelinePoint = {
  readonly name: "injected" | "detected" | "alerted" | "undone" | "recovered";
  /** Seconds since the injection; null: it has not happened. */
  readonly atS: number | null;
  readonly budgetS: number | null;
  /** The time from which the budget counts, and how much of it was used. */
  readonly since: Since | null;
  readonly tookS: number | null;
  /** Null: there was no budget, or nobody could observe it. */
  readonly isMet: boolean | null;
  readonly note: string | null;
};

export function scoreTimeline(timeline: Timeline, fault: FaultSpec): readonly TimelinePoint[] {
  const { injectedMs, detectedMs, alertedMs, undoneMs, recoveredMs } = timeline;
  const at = (ms: number | null) => (ms === null ? null : seconds(Math.max(0, ms - injectedMs)));
  const point = (
    name: TimelinePoint["name"],
    ms: number | null,
    rest: Partial<TimelinePoint>,
  ): TimelinePoint => ({
    name,
    atS: at(ms),
    budgetS: null,
    since: null,
    tookS: null,
    isMet: null,
    note: null,
    ...rest,
  });
  const budget = (ms: number | null, withinS: number, since: Since): Partial<TimelinePoint> => {
    const fromMs = sinceMs(timeline, since);
    const tookS = ms === null || fromMs === null ? null : seconds(Math.max(0, ms - fromMs));
    return { budgetS: withinS, since, tookS, isMet: tookS !== null && tookS <= withinS };
  };
  const { detectWithinS, alertRule, recover, lastsS } = fault;
  const [sign] = timeline.signs.toSorted((a, b) => a.atMs - b.atMs);
  return [
    point("injected", injectedMs, {}),
    point("detected", detectedMs, {
      ...(detectWithinS === null ? {} : budget(detectedMs, detectWithinS, "injected")),
      note: sign === undefined ? null : `${sign.by}: ${sign.says}`,
    }),
    point("alerted", alertedMs, {
      ...(timeline.hasAlerts && alertRule !== null
        ? budget(alertedMs, ALERT_WITHIN_S, "injected")
        : {}),
      note: noteOfAlert(timeline, alertRule),
    }),
    ...(lastsS === 0 || undoneMs === null ? [] : [point("undone", undoneMs, {})]),
    point("recovered", recoveredMs, {
      ...budget(recoveredMs, recover.withinS, recover.since),
      note: recoveredMs === null ? timeline.missing.join("; ") : null,
    }),
  ];
}

function noteOfAlert({ hasAlerts }: Timeline, alertRule: string | null): string {
  if (!hasAlerts) return "no alerts here: the watchdog is not running";
  return alertRule ?? "it is over before an incident is due";
}

/** Whether every budget is met, and no healthy service was restarted. */
export function hasPassed(timeline: Timeline, points: readonly TimelinePoint[]): boolean {
  return timeline.costs.length === 0 && points.every(({ isMet }) => isMet !== false);
}

function sinceMs(timeline: Timeline, since: Since): number | null {
  switch (since) {
    case "injected":
      return timeline.injectedMs;
    case "detected":
      return timeline.detectedMs;
    case "undone":
      return timeline.undoneMs;
    case "back":
      return timeline.backMs;
  }
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
