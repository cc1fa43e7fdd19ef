/** A rate limiter (token bucket): a burst, then one action per interval. */
export type Allowance = { readonly burst: number; readonly everyMs: number };

/** Milliseconds until the next action is allowed; 0: this one is, and was counted. */
export function createAllowance({ burst, everyMs }: Allowance) {
  let left = burst;
  let sinceMs = Number.NEGATIVE_INFINITY;
  return (nowMs: number): number => {
    const earned = Math.floor((nowMs - sinceMs) / everyMs);
    if (0 < earned) {
      left = Math.min(burst, left + earned);
      sinceMs = left === burst ? nowMs : sinceMs + earned * everyMs;
    }
    if (left < 1) return Math.max(1, sinceMs + everyMs - nowMs);
    left -= 1;
    return 0;
  };
}
