/** Starts the run that holds the next life of a supervisor's service. */
import { CancellationScope, ParentClosePolicy, startChild } from "@temporalio/workflow";
import type { ChildWorkflowHandle } from "@temporalio/workflow";
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import type {
  SupervisorRun,
  SupervisionEffect,
} from "../../domain/supervision/supervisor/supervision.ts";
import { runIdOf, SERVICE_RUN } from "../names.ts";
import { searchAttributesOf } from "../publisher.ts";
import type { serviceRun } from "./service-run.ts";

/** Null when a run is open already. */
export async function startServiceRun(
  { brief, state }: SupervisorRun,
  { life, restart_times, is_restart }: Extract<SupervisionEffect, { kind: "start run" }>,
): Promise<ChildWorkflowHandle<typeof serviceRun> | null> {
  const { service } = brief;
  const { mode, declared } = state;
  const known = declared == null ? {} : { declared };
  try {
    // A cancel of this workflow must not reach the run directly: windUp ends it.
    return await CancellationScope.nonCancellable(() =>
      startChild<typeof serviceRun>(SERVICE_RUN, {
        workflowId: runIdOf(service),
        args: [{ service, life, restart_times, is_restart, mode, ...known }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `${service} life ${life}`,
        staticDetails: `Life ${life} of **${service}**; its result is the record of how it ended.`,
        memo: { service, life },
        typedSearchAttributes: searchAttributesOf(brief, "Running"),
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}
