/** Turns what one process says and uses into an observation, second by second. */
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import type { Observation } from "../../domain/supervision/verdict.ts";
import { monotonicMs } from "../clock.ts";
import { processUsage } from "./process-facts.ts";
import type { ServiceProcess } from "./service-process.ts";
import { createUsageWindow } from "./usage-window.ts";

export type LifeWatch = ReturnType<typeof watchLife>;

const MS_PER_S = 1_000;

export function watchLife(life: ServiceProcess, spec: ServiceSpec) {
  const usage = createUsageWindow();
  let dependenciesOkSinceMs: number | null = null;
  const isReady = (): boolean => spec.startSeconds * MS_PER_S <= (life.readyMs() ?? -1);
  return {
    isReady,
    cpuPercent: usage.cpuPercent,
    sample(): void {
      const nowMs = monotonicMs();
      const facts = life.beat()?.facts ?? null;
      const isWorking = !isReady() || 0 < (facts?.backlog ?? 0);
      usage.add(life.pid === null ? null : processUsage(life.pid), nowMs, isWorking);
      const isOk = facts?.archive === "ok" && facts.hazelcast === "ok";
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
        dependenciesOkS: since === null ? 0 : (monotonicMs() - since) / MS_PER_S,
      };
    },
  };
}
