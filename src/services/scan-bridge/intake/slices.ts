/** Work that is divided into steps, done for a slice of time at once. */

/** Continues until the steps end or the time is over; true when they have ended. At least one step is done. */
export function runSlice(steps: Iterator<void>, sliceMs: number, nowMs: () => number): boolean {
  const endMs = nowMs() + sliceMs;
  for (;;) {
    if (steps.next().done === true) return true;
    if (endMs <= nowMs()) return false;
  }
}
