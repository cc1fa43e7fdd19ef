/**
 * Makes anew what the server has lost: supervisors, each as it was told to be, and, as a server that has lost one may have
 * lost everything, what stands around them. Invariant: schedules are owed until they stand, whoever made the supervisors.
 */
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { Config } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { configuredIndicators } from "../indicators/configured-indicators.ts";
import { rememberSupervisors } from "../supervision/supervisor-commands.ts";
import { createSurroundings } from "./create-surroundings.ts";

export function restoreDeclared(of: {
  readonly temporal: TemporalClient;
  readonly config: Config;
  readonly specs: readonly ServiceSpec[];
  /** Whether there must have been a supervisor, though it was never seen. */
  readonly mustHaveBeen: (spec: ServiceSpec) => boolean;
  readonly tell: (line: string) => void;
}): { look(): Promise<void> } {
  const { temporal, config, specs, tell } = of;
  const memory = rememberSupervisors(temporal, of.mustHaveBeen);
  let problem: string | null = null;
  let isOwed = false;
  return {
    /** One look; what could not be done is tried at the next. */
    async look() {
      // Temporal is away, or begins: the next look will tell, and who keeps it says so.
      const made = await memory.restore(specs).catch(() => []);
      for (const name of made) tell(`the supervisor of ${name} was gone: created again`);
      isOwed ||= 0 < made.length;
      if (!isOwed) return;
      try {
        // What is there is left alone, with whatever an operator told it.
        await createSurroundings(temporal, config, await configuredIndicators(config));
        [isOwed, problem] = [false, null];
      } catch (error) {
        const why = messageOf(error);
        if (why !== problem) tell(`schedules could not be created again: ${why}; trying again`);
        problem = why;
      }
    },
  };
}
