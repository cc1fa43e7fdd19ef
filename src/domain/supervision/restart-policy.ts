/** When a service that ended by itself is started again: delays, a budget, and patience after it is spent. */

export type RestartPolicy = {
  readonly restartsMax: number;
  readonly windowMs: number;
  /** Delay before the first, second, ... restart within the window; the last one repeats. */
  readonly delaysMs: readonly number[];
  /** Least time between the last restart and the try after the budget was spent. */
  readonly fatalRetryMs: number;
};

export type RestartDecision =
  | { readonly kind: "restart"; readonly atMs: number }
  | { readonly kind: "fatal"; readonly retryAtMs: number };

/**
 * Decides on the next restart. `restartTimesMs` are the earlier restarts in ascending order.
 * Invariant: a restart at the time decided never makes more than `restartsMax` in any window.
 */
export function decideRestart(
  policy: RestartPolicy,
  restartTimesMs: readonly number[],
  nowMs: number,
): RestartDecision {
  const within = restartTimesMs.filter((at) => nowMs - policy.windowMs < at);
  if (within.length < policy.restartsMax) {
    const delayMs = policy.delaysMs[Math.min(within.length, policy.delaysMs.length - 1)] ?? 0;
    return { kind: "restart", atMs: nowMs + delayMs };
  }
  const last = restartTimesMs.at(-1) ?? nowMs;
  const oldestOfBudget = restartTimesMs.at(-policy.restartsMax) ?? last;
  const retryAtMs = Math.max(nowMs, oldestOfBudget + policy.windowMs, last + policy.fatalRetryMs);
  return { kind: "fatal", retryAtMs };
}
