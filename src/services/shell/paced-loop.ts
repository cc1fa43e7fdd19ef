/**
 * A loop of turns that wait as long as each says, and sooner when somebody has news. Invariant: two turns are at least
 * `apartMs` apart unless a turn asks for less, however many news there are.
 */

export type PacedLoop = {
  /** There is news: the next turn is as soon as it may be. */
  wake(): void;
  stop(): void;
};

type Paced = {
  /** Does the work; returns the time until the next turn, in milliseconds, if nobody has news before. */
  readonly turn: () => number;
  readonly apartMs: number;
  readonly nowMs: () => number;
};

/** The first turn follows this call at once. */
export function startPacedLoop({ turn, apartMs, nowMs }: Paced): PacedLoop {
  let lastMs = Number.NEGATIVE_INFINITY;
  let dueMs = nowMs();
  let isStopped = false;
  const run = (): void => {
    lastMs = nowMs();
    const waitMs = turn();
    dueMs = nowMs() + waitMs;
    if (!isStopped) timer = setTimeout(run, waitMs);
  };
  let timer = setTimeout(run, 0);
  return {
    wake() {
      // Read once: on a busy machine the clock goes on before the timer is set, which would then be in the past.
      const wokenMs = nowMs();
      const soonMs = Math.max(wokenMs, lastMs + apartMs);
      if (isStopped || dueMs <= soonMs) return;
      dueMs = soonMs;
      clearTimeout(timer);
      timer = setTimeout(run, soonMs - wokenMs);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
