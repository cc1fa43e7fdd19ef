/** The activities of metaHealth: what it may not look up by itself, and what it has done by others. */
import type { Outcome } from "../domain/health/recovery.ts";
import type { RecoveryPolicy } from "../domain/health/recovery-rules.ts";
import type { RecoveryLook, RecoveryOrder } from "../workflows/messages/health.ts";
import type { RecoverAnswer } from "../workflows/messages/supervision.ts";

export type HealthWorld = {
  readonly policy: RecoveryPolicy;
  readonly nowMs: () => number;
  readonly hasSearchAttributes: () => Promise<boolean>;
  /** Of the last sample of health; null: nobody knows of one. */
  readonly healthAgeMs: () => Promise<number | null>;
  /** As the service's supervisor counts them; empty where it has none. */
  readonly restartTimesMs: (service: string) => Promise<readonly number[]>;
  /** Idempotent by the decision. */
  readonly recoverService: (order: RecoveryOrder) => Promise<RecoverAnswer>;
  /** Runs the configured command, once for each decision. */
  readonly restartServer: (order: RecoveryOrder) => Promise<Outcome>;
};

export function createHealthActivities(world: HealthWorld) {
  return {
    async lookAtRecovery(services: readonly string[]): Promise<RecoveryLook> {
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

    /** Once for each decision, however often it is tried. */
    async carryOut(order: RecoveryOrder): Promise<Outcome> {
      if (order.target.kind === "server") return world.restartServer(order);
      const { done, says } = await world.recoverService(order);
      return { done, says: done ? `done: ${says}` : `refused by its supervisor: ${says}` };
    },
  };
}

export type HealthActivities = ReturnType<typeof createHealthActivities>;
