/** The shell's clocks: wall time for what is written, monotonic time for ages and deadlines. */

/** Microseconds since the epoch, an integer. */
export function wallMicros(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1_000);
}

/** Milliseconds since the epoch. */
export function wallMs(): number {
  return Date.now();
}

/** Milliseconds on a clock that never goes back. */
export function monotonicMs(): number {
  return performance.now();
}
