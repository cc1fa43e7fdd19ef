/** Makes a worker read an indicator now, besides its schedule, and waits for the result. */
import { WorkflowFailedError, WorkflowIdConflictPolicy } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import { INDICATORS_LAYER } from "../../domain/supervision/declared/schedules.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type {
  IndicatorResult,
  RefreshIndicatorInput,
} from "../../workflows/messages/indicators.ts";
import { indicatorIdOf, REFRESH_INDICATOR, taskQueueOf } from "../../workflows/names.ts";
import { pollersOf } from "../../adapters/temporal/task-queues.ts";

export type RefreshOutcome =
  | { readonly kind: "read"; readonly result: IndicatorResult }
  | { readonly kind: "failed"; readonly why: string; readonly detail: string }
  | { readonly kind: "unserved"; readonly queue: string };

type RefreshIndicator = (input: RefreshIndicatorInput) => Promise<IndicatorResult>;

/** Two requests at once share one reading. */
export async function refreshNow(temporal: TemporalClient, name: string): Promise<RefreshOutcome> {
  const queue = taskQueueOf(INDICATORS_LAYER);
  const [served] = await pollersOf(temporal.reads, [INDICATORS_LAYER]);
  if ((served?.pollers ?? 0) === 0) return { kind: "unserved", queue };
  try {
    const handle = await temporal.client.workflow.start<RefreshIndicator>(REFRESH_INDICATOR, {
      workflowId: indicatorIdOf(name),
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      taskQueue: queue,
      args: [{ name }],
      staticSummary: `a reading of ${name}`,
    });
    return { kind: "read", result: await handle.result() };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const why = cause instanceof ApplicationFailure ? (cause.type ?? "failed") : "failed";
    return { kind: "failed", why, detail: cause?.message ?? error.message };
  }
}
