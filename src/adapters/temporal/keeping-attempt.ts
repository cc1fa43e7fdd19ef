/** The attempt that holds a service, as the server sees it, and its answer in place of a worker that died. */
import { WorkflowNotFoundError } from "@temporalio/client";
import { ApplicationFailure, defaultPayloadConverter } from "@temporalio/common";
import type { PendingAttempt } from "../../domain/supervision/hold/release.ts";
import { RunDetails, type RunResult } from "../../wire/supervision.ts";
import { runIdOf, supervisorIdOf } from "../../workflows/names.ts";
import type { TemporalClient } from "../temporal-client.ts";

/** temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED */
const STARTED = 2;
/** Activity id of the one that holds a process, in run-<service>. */
const HOLDING = "process";

export type KeptRun = { readonly service: string; readonly run_id: string };
export type FoundAttempt = {
  /** Null: its run is over, or not known here. */
  readonly pending: PendingAttempt | null;
  /** Its last heartbeat. */
  readonly details: RunDetails | null;
};

export async function findKeepingAttempt(
  { client }: TemporalClient,
  { service, run_id }: KeptRun,
): Promise<FoundAttempt> {
  const nothing = { pending: null, details: null };
  try {
    const { raw } = await client.workflow.getHandle(runIdOf(service), run_id).describe();
    const found = raw.pendingActivities?.find(({ activityId }) => activityId === HOLDING);
    if (found === undefined) return nothing;
    const payload = found.heartbeatDetails?.payloads?.[0];
    const details: unknown =
      payload == null ? null : defaultPayloadConverter.fromPayload<unknown>(payload);
    const pending = {
      isStarted: Number(found.state) === STARTED,
      attempt: found.attempt ?? 0,
      identity: found.lastWorkerIdentity ?? "",
    };
    return { pending, details: RunDetails.safeParse(details).data ?? null };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return nothing;
    throw error;
  }
}

/**
 * The next tasks of a service's run and supervisor go to any worker: those of a dead one would first wait in its own
 * queue, one after the other.
 */
export async function forgetWorkerOf(temporal: TemporalClient, of: KeptRun): Promise<void> {
  const { service, run_id: runId } = of;
  const { workflowService } = temporal.connection;
  const { namespace } = temporal.address;
  const executions = [
    { workflowId: runIdOf(service), runId },
    { workflowId: supervisorIdOf(service) },
  ];
  // One of them may be over, or never have been.
  await Promise.allSettled(
    executions.map((execution) => workflowService.resetStickyTaskQueue({ namespace, execution })),
  );
}

/** The token is of one attempt: the server refuses it for any other. */
export function endAttempt(
  { client }: TemporalClient,
  token: string,
  result: RunResult,
): Promise<void> {
  return client.activity.complete(Buffer.from(token, "base64"), result);
}

/** The next attempt is made at once, with the last heartbeat of this one. */
export function failAttempt({ client }: TemporalClient, token: string): Promise<void> {
  const failure = ApplicationFailure.create({
    message: "its worker died",
    type: "WorkerDied",
    nextRetryDelay: "1 millisecond",
  });
  return client.activity.fail(Buffer.from(token, "base64"), failure);
}
