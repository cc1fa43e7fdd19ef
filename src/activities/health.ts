/** The activities of metaHealth: data that a workflow may not read itself, and actions. */
import type { RecoveryOutcome } from "../domain/health/recovery.ts";
import type { RecoveryPolicy } from "../domain/health/recovery-rules.ts";
import type { RecoveryObservation, RecoveryOrder } from "../workflows/messages/health.ts";
import type { RecoverAnswer } from "../workflows/messages/supervision.ts";

export type HealthWorld = {
  readonly policy: RecoveryPolicy;
  readonly nowMs: () => number;
  readonly hasSearchAttributes: () => Promise<boolean>;
  /** Age of health's last sample; null: unknown. */
  readonly healthAgeMs: () => Promise<number | null>;
  /** As counted by the service's supervisor; empty where it has none. */
  readonly restartTimesMs: (service: string) => Promise<readonly number[]>;
  /** Idempotent by the decision. */
  readonly recoverService: (order: RecoveryOrder) => Promise<RecoverAnswer>;
  /** Runs the configured command, once per decision. */
  readonly restartServer: (order: RecoveryOrder) => Promise<RecoveryOutcome>;
};

export function createHealthActivities(world: HealthWorld) {
  return {
    async lookAtRecovery(services: readonly string[]): Promise<RecoveryObservation> {
      const times = await Promise.all(
        services.map(async (service) => [service, await world.restartTimesMs(service)] as const),
      );
      return {
        nowMs: world.nowMs(),
        policy: world.policy,
        hasSearchAttributes: await world.hasSearchAttributes(),
        healthAgeMs: await world.healthAgeMs(),
        restartsMs: Object.fromEntries(times),
      };
    },

    /** Once per decision, however often it is tried. */
    async carryOut(order: RecoveryOrder): Promise<RecoveryOutcome> {
      if (order.target.kind === "server") return world.restartServer(order);
      const { done, says } = await world.recoverService(order);
      return { done, says: done ? `done: ${says}` : `refused by its supervisor: ${says}` };
    },
  };
}

export type HealthActivities = ReturnType<typeof createHealthActivities>;
