/** Does the work of `dolphin create` beside the running stack, and restores what a server has lost. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { restoreDeclared } from "../../operations/declared/restore-declared.ts";
import { connectTemporal } from "../../adapters/temporal-client.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { Config } from "../../config.ts";
import type { StackOptions } from "../../embedded/stack.ts";
import { configuredServices } from "../../wire/declared/configured-services.ts";
import { expectTemporal } from "../../operations/expect-temporal.ts";
import { createEverything, failedOf } from "../create.ts";
import { changedLines } from "../rendering/created-text.ts";

const RETRY_MS = 3_000;
/** The workers look more often, each for the services that it keeps. */
const POLL_EVERY_MS = 6_000;

export type Supervisors = {
  /** Remaining failures, for the summary. */
  failures(): readonly string[];
  giveUp(): Promise<void>;
};

export function createSupervisors(
  { world, config, onEvent }: Pick<StackOptions, "world" | "config" | "onEvent">,
  /** Nothing is created, and no service started, before it resolves; never if it rejects. */
  ready: Promise<unknown>,
): Supervisors {
  const over = new AbortController();
  const { signal } = over;
  const temporal = connectTemporal(world.temporal);
  let failure: string | null = "the supervisors were not created yet";
  const run = async () => {
    // The creator of the promise reports its rejection, which ends the start.
    const isReady = await Promise.race([ready, once(signal, "abort")]).then(
      () => true,
      () => false,
    );
    if (!isReady) return;
    while (!signal.aborted && failure !== null) {
      const problem = await createOnce(temporal, config, (line) => onEvent("info", line));
      if (problem !== null && problem !== failure) onEvent("warn", `${problem}; trying again`);
      failure = problem;
      if (failure !== null) await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
    const restoring = restoreDeclared({
      temporal,
      config,
      specs: Object.values(configuredServices(config)),
      mustHaveBeen: () => true,
      tell: (line) => onEvent("warn", line),
    });
    while (!signal.aborted) {
      await restoring.restore();
      await delay(POLL_EVERY_MS, undefined, { signal }).catch(() => undefined);
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

/** Null when it succeeded. */
async function createOnce(
  temporal: TemporalClient,
  config: Config,
  say: (line: string) => void,
): Promise<string | null> {
  try {
    await expectTemporal(temporal);
    const created = await createEverything(temporal, config);
    for (const line of changedLines(created)) say(line);
    const failed = failedOf(created);
    return failed === undefined ? null : `${failed.workflow_id}: ${failed.problem}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `the supervisors could not be created: ${why}`;
  }
}
