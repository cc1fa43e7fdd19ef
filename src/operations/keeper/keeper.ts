/**
 * The registry of a worker process: at most one kept service per name. Invariant: a second run of a service adopts
 * the process of the first, and never starts another.
 */
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import type { RunResult } from "../../wire/supervision.ts";
import { KeptService } from "./kept-service.ts";
import type { Attachment, KeeperWorld, RunRequest } from "./kept-service.ts";
import { createStuckProcesses } from "../../adapters/process/leftover.ts";
import type { StuckProcesses } from "../../adapters/process/leftover.ts";

export type Keeper = {
  readonly has: (service: string) => boolean;
  /** The result of the service's last run here, for an attempt that repeats one whose answer was lost. */
  readonly lastResult: (service: string) => RunResult | null;
  /** Adopts the service's process, or starts one. */
  readonly attach: (spec: ServiceSpec, request: RunRequest) => Attachment;
  /** Stops everything and resolves when no process is left. */
  readonly stopAll: (why: string) => Promise<void>;
};

export function createKeeper(world: KeeperWorld): Keeper {
  const kept = new Map<string, KeptService>();
  const results = new Map<string, RunResult>();
  const stuckBy = new Map<string, StuckProcesses>();
  const keepUntilOver = async (
    spec: ServiceSpec,
    service: KeptService,
    request: RunRequest,
  ): Promise<void> => {
    const result = await service.run(request);
    kept.delete(spec.name);
    results.set(spec.name, result);
    service.settle(result);
  };
  const startKeeping = (spec: ServiceSpec, request: RunRequest): KeptService => {
    const stuck = stuckBy.get(spec.name) ?? createStuckProcesses();
    stuckBy.set(spec.name, stuck);
    const service = new KeptService(spec, world, stuck);
    kept.set(spec.name, service);
    void keepUntilOver(spec, service, request);
    return service;
  };
  return {
    has: (service) => kept.has(service),
    lastResult: (service) => results.get(service) ?? null,
    attach: (spec, request) => (kept.get(spec.name) ?? startKeeping(spec, request)).attach(),
    async stopAll(why) {
      const all = [...kept.values()];
      for (const service of all) service.stop(why);
      await Promise.all(all.map((service) => service.over));
    },
  };
}
