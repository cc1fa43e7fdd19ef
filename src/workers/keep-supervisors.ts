/**
 * Restores supervisors that this worker has seen, or works for, and that are gone: terminated, deleted, or lost with
 * the server's database. Each gets its last state, and its run adopts the process.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Keeper } from "../operations/keeper/keeper.ts";
import { rememberSupervisors } from "../operations/supervision/supervisor-commands.ts";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";

const LOOK_EVERY_MS = 3_000;

export function keepSupervisors(of: {
  readonly temporal: TemporalClient;
  readonly specs: readonly ServiceSpec[];
  readonly keeper: Keeper;
  readonly tell: (line: string) => void;
}): { stop(): Promise<void> } {
  const { temporal, specs, keeper, tell } = of;
  const over = new AbortController();
  const { signal } = over;
  const memory = rememberSupervisors(
    temporal,
    // A kept process proves that there was a supervisor, even if it was gone before the first look.
    ({ name }) => keeper.has(name) || keeper.lastResult(name) !== null,
  );
  const run = async () => {
    while (!signal.aborted) {
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // Temporal is away, or starting: the next look follows.
      const made = await memory.restore(specs).catch(() => []);
      for (const service of made) tell(`the supervisor of ${service} was gone and is made anew`);
    }
  };
  const done = run();
  return {
    async stop() {
      over.abort();
      await done;
    },
  };
}
