/**
 * The activities of supervision: one holds a service's process for as long as its run lives, the others return what a
 * supervisor may not read itself.
 */
import type { RunServiceInput, SupervisionWorld } from "./supervision-world.ts";
import { ApplicationFailure } from "@temporalio/common";
import type { ServiceSpec } from "../domain/supervision/services.ts";
import type { RunResult } from "../wire/supervision.ts";
import type { RunDescription } from "../workflows/messages/supervision.ts";
import type { ServiceBrief } from "../domain/supervision/supervisor/records.ts";
import { taskQueueOf } from "../workflows/names.ts";
import { holdService } from "./hold-service.ts";

const CLOSED_WAIT_MS_MAX = 5_000;
const POLL_EVERY_MS = 20;

export function createSupervisionActivities(world: SupervisionWorld) {
  const specOf = (service: string): ServiceSpec => {
    const spec = Object.hasOwn(world.services, service) ? world.services[service] : undefined;
    if (spec !== undefined) return spec;
    const known = Object.keys(world.services).join(", ");
    throw ApplicationFailure.nonRetryable(
      `service '${service}' is not known; the services are: ${known}`,
      "InvalidInput",
    );
  };
  return {
    /** The description of a service, from the worker's table and configuration. */
    async describeService(service: string, taskQueue: string): Promise<ServiceBrief> {
      const spec = specOf(service);
      if (taskQueue !== taskQueueOf(spec.layer)) {
        throw ApplicationFailure.nonRetryable(
          `service '${service}' belongs on task queue ${taskQueueOf(spec.layer)}, not ${taskQueue}`,
          "InvalidInput",
        );
      }
      return {
        service,
        layer: spec.layer,
        policy: world.policy,
        newsMs: world.newsMs,
        startMs: spec.startSeconds * 1_000,
        stopWaitMs: spec.stopWaitSeconds * 1_000,
        hasSearchAttributes: await world.hasSearchAttributes(),
      };
    },

    describeRun: (service: string): Promise<RunDescription> => world.describeRun(service),

    /** Waits until a run that reported its end is closed, so that its id is free again. */
    async awaitRunClosed(service: string, runId: string): Promise<void> {
      const endMs = Date.now() + CLOSED_WAIT_MS_MAX;
      for (;;) {
        const run = await world.describeRun(service);
        const isOpen = run.kind === "open" && run.runId === runId;
        if (!isOpen || endMs <= Date.now()) return;
        await new Promise((resolve) => {
          setTimeout(resolve, POLL_EVERY_MS);
        });
      }
    },

    /**
     * Ends a process that waits for adoption: its run was asked to end while no attempt held it. Null where this
     * worker keeps none; another worker stops its own as not adopted.
     */
    async endLeftProcess(service: string): Promise<RunResult | null> {
      if (!world.keeper.has(service)) return null;
      const request = { life: 1, restartTimesMs: [], isRestart: false, mode: "auto" } as const;
      const attachment = world.keeper.attach(specOf(service), request);
      attachment.stop("stopped on request");
      return attachment.ended;
    },

    /** Runs the process of a service until it ends. Idempotent by service: a second one adopts. */
    runServiceProcess: (input: RunServiceInput): Promise<RunResult> =>
      holdService(world, specOf(input.service), input),
  };
}

export type SupervisionActivities = ReturnType<typeof createSupervisionActivities>;
