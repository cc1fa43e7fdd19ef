/** Rate limiter: carries out an action at most once per period. */
export function everySoOften(everyMs: number, act: () => void): (nowMs: number) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    if (nowMs - lastMs < everyMs) return;
    lastMs = nowMs;
    act();
  };
}
