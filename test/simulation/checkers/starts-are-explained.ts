/** Nothing is started more often than its ends explain: its own kills, those of its worker, and the first start. */

/** Whose death takes it along. */
const CARRIERS: Readonly<Record<string, readonly string[]>> = {
  "scan-bridge": ["worker", "up"],
  worker: ["up"],
  temporal: ["up"],
  hazelcast: ["up"],
};

export type Counts = Readonly<Record<string, number>>;

export function checkStarts(starts: Counts, kills: Counts): string[] {
  return Object.entries(CARRIERS).flatMap(([name, carriers]) => {
    const killed = [name, ...carriers].reduce((sum, each) => sum + (kills[each] ?? 0), 0);
    const started = starts[name] ?? 0;
    if (started === 0) return [`${name} was never started`];
    return started <= killed + 1
      ? []
      : [
          `${name} was started ${started} times for ${killed} kills of it and ${carriers.join(", ")}`,
        ];
  });
}

/** At most `max` restarts in any window; the first start is none. */
export function checkBudget(
  startsMs: readonly number[],
  budget: { readonly max: number; readonly windowMs: number },
): string[] {
  const restarts = startsMs.toSorted((a, b) => a - b).slice(1);
  return restarts.flatMap((atMs, index) => {
    const first = restarts[index - budget.max];
    return first === undefined || budget.windowMs <= atMs - first
      ? []
      : [
          `${budget.max + 1} restarts within ${atMs - first} ms, up to ${new Date(atMs).toISOString()}`,
        ];
  });
}
