/** When a service that ended by itself is restarted: delays, a budget, and the wait after it is spent. */
import { MS_PER_MINUTE } from "../time.ts";

export type RestartPolicy = {
  /** At least 1. */
  readonly restartsMax: number;
  readonly windowMs: number;
  /** Delay before the first, second, ... restart of consecutive short lives; the last one repeats. */
  readonly delaysMs: readonly number[];
  /**
   * After a life of at least this long the first delay applies again. Absent in histories from before this setting:
   * there every restart within the window counts.
   */
  readonly healthyAfterMs?: number;
  /** Least time between the last restart and the try after the budget was spent. */
  readonly fatalRetryMs: number;
  /**
   * Whether restarts that are in the future, because the clock was set back, are dated anew. Absent in histories from
   * before this setting: there they count as just now until the clock has passed them.
   */
  readonly datesAnew?: boolean;
};

/** The clocks of two hosts differ by less: a time so little ahead was recorded by the other host. */
const SKEW_MS_MAX = MS_PER_MINUTE;

/** A policy without a budget, for a process that must always run: retried without end, and soon. */
export function relentless(policy: RestartPolicy, delayMsMax: number): RestartPolicy {
  const delaysMs = policy.delaysMs.map((delayMs) => Math.min(delayMs, delayMsMax));
  return { ...policy, restartsMax: Infinity, delaysMs };
}

export type RestartDecision =
  | { readonly kind: "restart"; readonly atMs: number }
  /** The budget is spent: the next try is made as soon as the window allows. */
  | { readonly kind: "fatal"; readonly atMs: number };

/**
 * Decides on the next restart. `restartTimesMs` are the earlier restarts, ascending. Invariant: a restart at the
 * decided time never makes more than `restartsMax` within any window.
 */
export function decideRestart(
  policy: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): RestartDecision {
  // A time that is still ahead counts as now.
  const times = datedBy(policy, restartTimesMs, nowMs).map((at) => Math.min(at, nowMs));
  const within = times.filter((at) => nowMs - policy.windowMs < at);
  if (within.length < policy.restartsMax) {
    const failures = rapidFailures(policy, within, nowMs);
    const delayMs = policy.delaysMs[Math.min(failures, policy.delaysMs.length - 1)] ?? 0;
    return { kind: "restart", atMs: nowMs + delayMs };
  }
  const last = times.at(-1) ?? nowMs;
  const oldestOfBudget = times.at(-policy.restartsMax) ?? last;
  const atMs = Math.max(nowMs, oldestOfBudget + policy.windowMs, last + policy.fatalRetryMs);
  return { kind: "fatal", atMs };
}

/** Number of consecutive lives that ended soon after their restart, including the one that ends now. */
function rapidFailures(
  { healthyAfterMs = Infinity }: RestartPolicy,
  timesMs: readonly number[],
  nowMs: number,
): number {
  const ends = [...timesMs.slice(1), nowMs];
  const healthy = timesMs.findLastIndex((at, life) => healthyAfterMs <= ends[life]! - at);
  return timesMs.length - 1 - healthy;
}

/**
 * The restart times after a clock was set back: shifted so that the newest is now, with the distances unchanged. The
 * caller has to store the result: otherwise they would be "just now" at each look, and a budget that was spent when
 * the clock went back by a day would stay spent for that day.
 */
export function datedBy(
  { datesAnew = false }: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): readonly number[] {
  // A restart after the clock change may be listed behind earlier ones.
  const aheadMs = Math.max(nowMs, ...restartTimesMs) - nowMs;
  if (!datesAnew || aheadMs <= SKEW_MS_MAX) return restartTimesMs;
  return restartTimesMs
    .map((at) => (isAhead(at, nowMs) ? at - aheadMs : at))
    .toSorted((a, b) => a - b);
}

/** Whether the clock was set back since it showed this time. */
export function isAhead(atMs: number, nowMs: number): boolean {
  return nowMs + SKEW_MS_MAX < atMs;
}

/** The restarts that still count, ascending; older ones are dropped so that the list stays short. */
export function restartsInWindow(
  policy: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): readonly number[] {
  return datedBy(policy, restartTimesMs, nowMs).filter((at) => nowMs - policy.windowMs < at);
}
