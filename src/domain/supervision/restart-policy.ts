/** When a service that ended by itself is started again: delays, a budget, and patience after it is spent. */
import { MS_PER_MINUTE } from "../time.ts";

export type RestartPolicy = {
  /** At least 1. */
  readonly restartsMax: number;
  readonly windowMs: number;
  /** Delay before the first, second, ... restart of lives that all ended soon; the last one repeats. */
  readonly delaysMs: readonly number[];
  /**
   * After a life as long as this the first delay holds again. Left out where a history recorded the
   * policy before there was one: every restart within the window counts, as it did then.
   */
  readonly healthyAfterMs?: number;
  /** Least time between the last restart and the try after the budget was spent. */
  readonly fatalRetryMs: number;
  /**
   * Whether restarts that a clock set back has left in the future are dated anew. Left out where a history recorded
   * the policy before they were: they count as of just now until the clock has come past them.
   */
  readonly datesAnew?: boolean;
};

/** Clocks of two hosts differ by less: what is so little ahead of one was noted by the other. */
const SKEW_MS_MAX = MS_PER_MINUTE;

/** Of what is missed more than any number of its restarts: it is tried again for good, and soon. */
export function relentless(policy: RestartPolicy, delayMsMax: number): RestartPolicy {
  const delaysMs = policy.delaysMs.map((delayMs) => Math.min(delayMs, delayMsMax));
  return { ...policy, restartsMax: Infinity, delaysMs };
}

export type RestartDecision =
  | { readonly kind: "restart"; readonly atMs: number }
  /** The budget is spent: the next try comes as soon as the window allows. */
  | { readonly kind: "fatal"; readonly atMs: number };

/**
 * Decides on the next restart. `restartTimesMs` are the earlier restarts in ascending order.
 * Invariant: a restart at the time decided never makes more than `restartsMax` in any window.
 */
export function decideRestart(
  policy: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): RestartDecision {
  // What is still ahead counts as now, not for longer.
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

/** How many of the last lives in a row ended soon after their restart, the one that ends now included. */
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
 * The restarts as a clock dates them that was set back since: the newest was just now, and the others as long before it
 * as they were. Whoever keeps the list has to keep what this returns: else they were just now at each look, and a budget
 * that was spent when a clock went back by a day stays spent for that day.
 */
export function datedBy(
  { datesAnew = false }: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): readonly number[] {
  // One that was made since the clock went back may stand behind those from before.
  const aheadMs = Math.max(nowMs, ...restartTimesMs) - nowMs;
  if (!datesAnew || aheadMs <= SKEW_MS_MAX) return restartTimesMs;
  return restartTimesMs
    .map((at) => (isAhead(at, nowMs) ? at - aheadMs : at))
    .toSorted((a, b) => a - b);
}

/** Whether a clock was set back since it showed this time. */
export function isAhead(atMs: number, nowMs: number): boolean {
  return nowMs + SKEW_MS_MAX < atMs;
}

/** The restarts that still count, ascending; older ones are forgotten so that a list stays short. */
export function restartsInWindow(
  policy: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): readonly number[] {
  return datedBy(policy, restartTimesMs, nowMs).filter((at) => nowMs - policy.windowMs < at);
}
