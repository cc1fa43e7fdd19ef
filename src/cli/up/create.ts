/** Does what `dolphin create` does, beside the running stack, until it has worked once. */
import { setTimeout as delay } from "node:timers/promises";
import { connectTemporal } from "../../adapters/temporal-client.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { StackOptions } from "../../embedded/stack.ts";
import { createEverything, expectAnswer } from "../create.ts";

const RETRY_MS = 3_000;

export function createSupervisors({ world, onEvent }: StackOptions): {
  /** What is still wrong, for the summary. */
  failures(): readonly string[];
  giveUp(): Promise<void>;
} {
  const over = new AbortController();
  const { signal } = over;
  const temporal = connectTemporal(world.temporal);
  let failure: string | null = "the supervisors were not created yet";
  const run = async () => {
    while (!signal.aborted && failure !== null) {
      const problem = await createOnce(temporal);
      if (problem !== null && problem !== failure) onEvent("warn", `${problem}; trying again`);
      failure = problem;
      if (failure !== null) await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const done = run();
  return {
    failures: () => (failure === null ? [] : [failure]),
    async giveUp() {
      over.abort();
      await done;
      await temporal.close();
    },
  };
}

/** Null when it worked. */
async function createOnce(temporal: TemporalClient): Promise<string | null> {
  try {
    await expectAnswer(temporal);
    await createEverything(temporal);
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `the supervisors could not be created: ${why}`;
  }
}
