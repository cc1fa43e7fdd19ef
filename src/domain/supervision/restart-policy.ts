/** When a service that ended by itself is started again: delays, a budget, and patience after it is spent. */

export type RestartPolicy = {
  /** At least 1. */
  readonly restartsMax: number;
  readonly windowMs: number;
  /** Delay before the first, second, ... restart within the window; the last one repeats. */
  readonly delaysMs: readonly number[];
  /** Least time between the last restart and the try after the budget was spent. */
  readonly fatalRetryMs: number;
};

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
  // A wall clock that was set back leaves times in the future; they count as now, not for longer.
  const times = restartTimesMs.map((at) => Math.min(at, nowMs));
  const within = times.filter((at) => nowMs - policy.windowMs < at);
  if (within.length < policy.restartsMax) {
    const delayMs = policy.delaysMs[Math.min(within.length, policy.delaysMs.length - 1)] ?? 0;
    return { kind: "restart", atMs: nowMs + delayMs };
  }
  const last = times.at(-1) ?? nowMs;
  const oldestOfBudget = times.at(-policy.restartsMax) ?? last;
  const atMs = Math.max(nowMs, oldestOfBudget + policy.windowMs, last + policy.fatalRetryMs);
  return { kind: "fatal", atMs };
}

/** The restarts that still count, ascending; older ones are forgotten so that a list stays short. */
export function restartsInWindow(
  policy: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): readonly number[] {
  return restartTimesMs.filter((at) => nowMs - policy.windowMs < at);
}
