/** Does the work of `dolphin create` beside the running stack, and restores what a server has lost. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createThinCalls } from "../../adapters/temporal/thin/thin-calls.ts";
import { openSdk } from "../../adapters/temporal/open-sdk.ts";
import { temporalReads } from "../../adapters/temporal/temporal-reads.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import { messageOf } from "../../domain/failure.ts";
import { runDolphinVerb } from "../../embedded/dolphin-child.ts";
import type { StackOptions } from "../../embedded/stack.ts";
import { restoreDeclared } from "../../operations/declared/restore-declared.ts";
import { configuredServices } from "../../wire/declared/configured-services.ts";
import { changedLines, type Created, failedOf } from "../rendering/created-text.ts";

const RETRY_MS = 3_000;
/** The workers look more often, each for the services that it keeps. */
const POLL_EVERY_MS = 6_000;
const ANSWER_MS_MAX = 5_000;

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
  const { temporal: address, namespace } = world;
  const calls = createThinCalls({ address, namespace, deadlineMs: ANSWER_MS_MAX });
  let sdk: Promise<TemporalClient> | null = null;
  // Loads while the servers start.
  let creating = createApart(world, signal);
  let failure: string | null = "the supervisors were not created yet";
  const run = async () => {
    // The creator of the promise reports its rejection, which ends the start.
    const isReady = await Promise.race([ready, once(signal, "abort")]).then(
      () => true,
      () => false,
    );
    if (!isReady) return;
    while (!signal.aborted && failure !== null) {
      const problem = await creating.go((line) => onEvent("info", line));
      if (problem !== null && problem !== failure) onEvent("warn", `${problem}; trying again`);
      failure = problem;
      if (failure === null) break;
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) creating = createApart(world, signal);
    }
    const restoring = restoreDeclared({
      temporal: {
        reads: temporalReads(namespace, calls.call),
        sdk: () => (sdk ??= openSdk(address)),
      },
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
      calls.close();
      await (await sdk)?.close();
    },
  };
}

/** In a process of its own, because it needs Temporal's SDK, and this process needs it for nothing else. */
function createApart(world: StackOptions["world"], signal: AbortSignal) {
  const create = runDolphinVerb(world, ["create", "--json", "--after-input"], signal);
  return {
    /** Null when it succeeded. */
    async go(say: (line: string) => void): Promise<string | null> {
      create.begin();
      const { out, err } = await create.ended;
      try {
        const created: Created = JSON.parse(out);
        for (const line of changedLines(created)) say(line);
        const failed = failedOf(created);
        return failed === undefined ? null : `${failed.workflow_id}: ${failed.problem}`;
      } catch (error) {
        const why = err.trim().replace(/^dolphin: /, "") || messageOf(error);
        return `the supervisors could not be created: ${why}`;
      }
    },
  };
}
