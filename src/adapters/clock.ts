/** The shell's clocks: wall time for what is written, monotonic time for ages and deadlines. */

/** Above this the wall clock was set, and the fine clock is anchored to it anew. */
const STEP_MS = 2;
let originMs = performance.timeOrigin;

/** Microseconds since the epoch, an integer; follows the wall clock when that is set. */
export function wallMicros(): number {
  const fineMs = originMs + performance.now();
  const aheadMs = fineMs - Date.now();
  if (aheadMs < -STEP_MS || STEP_MS < aheadMs) {
    originMs -= aheadMs;
    return Math.floor((originMs + performance.now()) * 1_000);
  }
  return Math.floor(fineMs * 1_000);
}

/** Milliseconds since the epoch. */
export function wallMs(): number {
  return Date.now();
}

/** Milliseconds on a clock that never goes back. */
export function monotonicMs(): number {
  return performance.now();
}
