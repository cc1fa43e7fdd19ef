/** Has something done at most once a period, by whoever asks more often. */
export function everySoOften(everyMs: number, act: () => void): (nowMs: number) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (nowMs) => {
    if (nowMs - lastMs < everyMs) return;
    lastMs = nowMs;
    act();
  };
}
