/**
 * Remembers each supervisor's arguments and state, so that a lost one can be restored. Without the SDK as long as all of them
 * run, which is nearly always.
 */
import type { TemporalReads } from "../../adapters/temporal/temporal-reads.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { supervisorIdOf } from "../../workflows/names.ts";
import { type Declared, type SupervisorFound, wantedIn } from "./supervisor-found.ts";

export type RestoringTemporal = {
  /** Each call within some seconds. */
  readonly reads: Pick<TemporalReads, "describe">;
  /** Asked for where something is lost. */
  readonly sdk: () => Promise<TemporalClient>;
};

const POLL_MS_MAX = 5_000;

export function rememberSupervisors(
  { reads, sdk }: RestoringTemporal,
  /** Whether there must have been one, although it was never seen. */
  mustHaveBeen: (spec: ServiceSpec) => boolean,
) {
  const known = new Map<string, Declared>();
  const givenUp = new Set<string>();
  const find = async (spec: ServiceSpec): Promise<SupervisorFound> => {
    const running = await reads.describe(supervisorIdOf(spec.name));
    if (running !== null) return { kind: "running", wanted: wantedIn(running.memo) };
    const { describeSupervisor } = await import("./supervisor-commands.ts");
    const temporal = await sdk();
    return temporal.connection.withDeadline(Date.now() + POLL_MS_MAX, () =>
      describeSupervisor(temporal, spec),
    );
  };
  const restoreOne = async (spec: ServiceSpec): Promise<boolean> => {
    const found = await find(spec);
    const before = known.get(spec.name) ?? null;
    const wanted = found.wanted ?? before ?? wantedAtFirst(spec);
    if (found.kind === "running") {
      known.set(spec.name, wanted);
      givenUp.delete(spec.name);
    }
    // Whoever cancels a supervisor does not want another one, even when the server has forgotten the first.
    if (found.kind === "ended") {
      known.delete(spec.name);
      givenUp.add(spec.name);
    }
    if (found.kind !== "lost" || givenUp.has(spec.name)) return false;
    if (before === null && !mustHaveBeen(spec)) return false;
    const { startWanted } = await import("./supervisor-commands.ts");
    const { client } = await sdk();
    return client.withDeadline(Date.now() + POLL_MS_MAX, () => startWanted(client, spec, wanted));
  };
  return {
    /** Checks each once; returns the names of those that were restored. @throws while the server is away. */
    async restore(specs: readonly ServiceSpec[]): Promise<readonly string[]> {
      const made = await Promise.all(specs.map(restoreOne));
      return specs.filter((_, index) => made[index]).map(({ name }) => name);
    },
  };
}

function wantedAtFirst(spec: ServiceSpec): Declared {
  return { intent: spec.autostart ? "running" : "stopped", mode: "auto" };
}
