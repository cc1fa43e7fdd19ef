/** The dependencies of the forewarner's activities: the data directory, the archive, a thread, and Hazelcast. */
import type { ForewarnWorld } from "../../activities/forewarn.ts";
import { wallMs } from "../../adapters/clock.ts";
import { hasSearchAttributes, type TemporalClient } from "../../adapters/temporal-client.ts";
import type { Config } from "../../config.ts";
import { configuredForewarn } from "../../operations/forewarn/configured-forewarn.ts";
import { runForewarnTask } from "../../operations/forewarn/forewarn-task.ts";
import { pushForewarning } from "../../operations/forewarn/push-forewarning.ts";

const CONNECT_WITHIN_MS = 20_000;

export function forewarnWorld(config: Config, temporal: TemporalClient): ForewarnWorld {
  return {
    async make(asked, signal) {
      const task = { ...configuredForewarn(config, asked), nowMs: wallMs() };
      return (await runForewarnTask(task, { signal, onProblem: () => {} })).record;
    },
    push: (text) => pushForewarning(config, text, CONNECT_WITHIN_MS),
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  };
}
