/**
 * Looks for supervisors that this worker has seen, or works for, and that are gone: terminated, deleted, or lost with
 * the server's database. Each is created again with its last intent, and its run adopts the process.
 */
import { setTimeout as delay } from "node:timers/promises";
import { readsWithin, type TemporalClient } from "../adapters/temporal-client.ts";
import type { Config } from "../config.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";
import { restoreDeclared } from "../operations/declared/restore-declared.ts";
import type { Keeper } from "../operations/keeper/keeper.ts";

const POLL_EVERY_MS = 3_000;
const ANSWER_MS_MAX = 5_000;

export function keepSupervisors(of: {
  readonly temporal: TemporalClient;
  readonly config: Config;
  readonly specs: readonly ServiceSpec[];
  readonly keeper: Keeper;
  readonly tell: (line: string) => void;
}): { stop(): Promise<void> } {
  const { keeper } = of;
  const over = new AbortController();
  const { signal } = over;
  const restoring = restoreDeclared({
    ...of,
    temporal: { reads: readsWithin(of.temporal, ANSWER_MS_MAX), sdk: async () => of.temporal },
    // Only a supervisor has a process kept; it may be gone before the first look.
    mustHaveBeen: ({ name }) => keeper.has(name) || keeper.lastResult(name) !== null,
  });
  const run = async () => {
    while (!signal.aborted) {
      await delay(POLL_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await restoring.restore();
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
