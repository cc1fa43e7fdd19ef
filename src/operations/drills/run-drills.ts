/** Several drills in sequence, each after the system has fully recovered from the previous one. */
import { setTimeout as delay } from "node:timers/promises";
import { wallMs } from "../../adapters/clock.ts";
import type { Config } from "../../config.ts";
import { type FaultName, FAULTS, type FaultSpec } from "../../domain/drills/drill-faults.ts";
import { decideRestart, type RestartPolicy } from "../../domain/supervision/restart-policy.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { createDrillAlerts } from "./drill-alerts.ts";
import { openDrillWatch } from "./drill-watch.ts";
import { planStrike } from "./plan-strike.ts";
import { type DrillResult, runDrill } from "./run-drill.ts";

export type DrillsDeps = {
  readonly config: Config;
  readonly temporalAddress: string | undefined;
  readonly policy: RestartPolicy;
  readonly stop: AbortSignal;
  readonly say: (text: string) => void;
  readonly onResult: (result: DrillResult) => void;
};

const POLL_EVERY_MS = 1_000;

export async function runDrills(
  names: readonly FaultName[],
  deps: DrillsDeps,
): Promise<readonly DrillResult[]> {
  const { config, stop, say } = deps;
  const watch = await openDrillWatch(config, deps.temporalAddress);
  const alerts = createDrillAlerts(config.data_dir);
  const results: DrillResult[] = [];
  const world = {
    dataDir: config.data_dir,
    archive: config.archive,
    hazelcast: config.hazelcast.address,
  };
  const restartsMs = new Map<string, readonly number[]>();
  try {
    for (const name of names) {
      if (stop.aborted) break;
      const fault = FAULTS[name];
      await untilForgotten(fault, restartsMs, deps);
      const result = await runDrill(fault, {
        watch,
        dataDir: config.data_dir,
        plan: (pids) => planStrike(fault, { ...world, pids }),
        stop,
        onPoint: say,
        alerts,
      });
      results.push(result);
      deps.onResult(result);
      if (result.outcome === "cannot") continue;
      for (const cost of fault.costs) {
        restartsMs.set(cost, [...(restartsMs.get(cost) ?? []), wallMs()]);
      }
    }
  } finally {
    await watch.close();
  }
  return results;
}

/** Waits until the restart policy would again restart the fault's targets without a delay. */
async function untilForgotten(
  fault: FaultSpec,
  restartsMs: ReadonlyMap<string, readonly number[]>,
  { policy, stop, say }: DrillsDeps,
): Promise<void> {
  let isSaid = false;
  const isRemembered = (): boolean =>
    fault.costs.some((cost) => {
      const nowMs = wallMs();
      const decision = decideRestart(policy, restartsMs.get(cost) ?? [], nowMs);
      const firstMs = policy.delaysMs[0] ?? 0;
      return decision.kind === "fatal" || firstMs < decision.atMs - nowMs;
    });
  while (!stop.aborted && isRemembered()) {
    if (!isSaid) {
      const healthyS = (policy.healthyAfterMs ?? policy.windowMs) / MS_PER_SECOND;
      say(`${fault.name}: waiting until earlier restarts no longer count (${healthyS} s each)`);
    }
    isSaid = true;
    await delay(POLL_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
