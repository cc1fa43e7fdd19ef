/** Memory and CPU of one process, sampled each second; CPU is judged over 60 s outside a backlog only. */
import type { ProcessUsage } from "./process-facts.ts";

type Sample = { readonly atMs: number; readonly cpuMs: number };

const JUDGED_MS = 60_000;
const SHOWN_MS = 5_000;

export function createUsageWindow() {
  let samples: Sample[] = [];
  let judgedSinceMs = Number.POSITIVE_INFINITY;
  let rssBytes: number | null = null;
  const meanOver = (spanMs: number): number | null => {
    const last = samples.at(-1);
    const first = samples.findLast((sample) => spanMs <= (last?.atMs ?? 0) - sample.atMs);
    if (last === undefined || first === undefined) return null;
    return (100 * (last.cpuMs - first.cpuMs)) / (last.atMs - first.atMs);
  };
  return {
    add(usage: ProcessUsage | null, atMs: number, hasBacklog: boolean): void {
      rssBytes = usage?.rssBytes ?? null;
      if (usage === null) return;
      samples = [
        ...samples.filter((sample) => atMs - sample.atMs <= JUDGED_MS + SHOWN_MS),
        { atMs, cpuMs: usage.cpuMs },
      ];
      judgedSinceMs = hasBacklog ? Number.POSITIVE_INFINITY : Math.min(judgedSinceMs, atMs);
    },
    rssBytes: () => rssBytes,
    /** Mean over 60 s without a backlog; null before that. */
    judgedCpuPercent: (): number | null =>
      JUDGED_MS <= (samples.at(-1)?.atMs ?? 0) - judgedSinceMs ? meanOver(JUDGED_MS) : null,
    /** The figure shown to the operator. */
    cpuPercent: (): number | null => meanOver(SHOWN_MS),
  };
}
