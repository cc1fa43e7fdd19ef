/** Work that is cut into steps, done a slice of time at a go. */

/** Goes on until the steps end or the time is over; true when they have ended. One step is always done. */
export function runSlice(steps: Iterator<void>, sliceMs: number, nowMs: () => number): boolean {
  const endMs = nowMs() + sliceMs;
  for (;;) {
    if (steps.next().done === true) return true;
    if (endMs <= nowMs()) return false;
  }
}
