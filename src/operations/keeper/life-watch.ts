/** Turns what one process reports and uses into an observation, second by second. */
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { isAfterPause } from "../../domain/supervision/silence.ts";
import { hasWhatItNeeds, type Observation } from "../../domain/supervision/verdict.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { processUsage } from "../../adapters/process/process-facts.ts";
import type { ServiceProcess } from "../../adapters/process/service-process.ts";
import { createUsageWindow } from "../../adapters/process/usage-window.ts";

export type LifeWatch = ReturnType<typeof watchLife>;

const MS_PER_S = 1_000;
/** Interval of the samples. */
const SAMPLE_MS = 1_000;

export function watchLife(life: ServiceProcess, spec: ServiceSpec) {
  const usage = createUsageWindow();
  let dependenciesOkSinceMs: number | null = null;
  let sampledMs = monotonicMs();
  const isReady = (): boolean => spec.startSeconds * MS_PER_S <= (life.readyMs() ?? -1);
  return {
    isReady,
    cpuPercent: usage.cpuPercent,
    sample(): void {
      const nowMs = monotonicMs();
      const facts = life.beat()?.facts ?? null;
      const isWorking = !isReady() || 0 < (facts?.queue?.waiting ?? 0);
      usage.add(life.pid === null ? null : processUsage(life.pid), nowMs, isWorking);
      const isOk = hasWhatItNeeds(facts, spec.ties);
      // During a pause of ours nothing is known about them.
      if (isAfterPause(nowMs - sampledMs, SAMPLE_MS)) dependenciesOkSinceMs = null;
      sampledMs = nowMs;
      dependenciesOkSinceMs = isOk ? (dependenciesOkSinceMs ?? nowMs) : null;
    },
    observation(): Observation {
      const since = dependenciesOkSinceMs;
      return {
        phase: isReady() ? "running" : "starting",
        silentS: life.silentMs() / MS_PER_S,
        rssBytes: usage.rssBytes(),
        cpuPercent: usage.judgedCpuPercent(),
        facts: life.beat()?.facts ?? null,
        state: life.beat()?.state ?? null,
        dependenciesOkS: since === null ? 0 : (monotonicMs() - since) / MS_PER_S,
      };
    },
  };
}
