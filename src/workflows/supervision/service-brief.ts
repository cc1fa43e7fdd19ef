/** A supervisor's initial assumptions about its service, and the worker's description of it. */
import { proxyLocalActivities, workflowInfo } from "@temporalio/workflow";
import { ActivityFailure, ApplicationFailure } from "@temporalio/common";
import type { SupervisionActivities } from "../../activities/supervision.ts";
import type { ServiceBrief } from "../../domain/supervision/supervisor/records.ts";
import { invalidInput } from "../input.ts";

const { describeService } = proxyLocalActivities<SupervisionActivities>({
  startToCloseTimeout: "10 seconds",
  retry: { maximumInterval: "5 seconds" },
});

export function briefBeforeLearning(service: string): ServiceBrief {
  return {
    service,
    layer: workflowInfo().taskQueue.replace(/^dolphin-/, ""),
    policy: { restartsMax: 1, windowMs: 0, delaysMs: [0], fatalRetryMs: 0 },
    newsMs: 0,
    startMs: 0,
    stopWaitMs: 0,
    hasSearchAttributes: false,
  };
}

/** @throws {ApplicationFailure} not retryable, where the worker knows no such service. */
export async function learnBrief(service: string): Promise<ServiceBrief> {
  try {
    return await describeService(service, workflowInfo().taskQueue);
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    if (cause instanceof ApplicationFailure && cause.type === "InvalidInput") {
      throw invalidInput(cause.message);
    }
    throw error;
  }
}
