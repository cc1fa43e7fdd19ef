/** Starts supervisors, and sends them an operator's commands. */
import { randomUUID } from "node:crypto";
import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import type { ServiceSpec } from "../domain/supervision/services.ts";
import { ServiceStatus } from "../wire/supervision.ts";
import { restartUpdate, startUpdate, stopUpdate } from "../workflows/messages.ts";
import type { SuperviseServiceInput } from "../workflows/messages.ts";
import { SUPERVISE_SERVICE, supervisorIdOf, taskQueueOf } from "../workflows/names.ts";
import type { TemporalClient } from "./temporal-client.ts";

export type ServiceCommandName = "start" | "stop" | "restart";
export type CommandOutcome =
  | { readonly kind: "done"; readonly status: ServiceStatus }
  | { readonly kind: "no_supervisor" }
  /** No worker of the layer took the command in time. */
  | { readonly kind: "no_answer" };
type SuperviseService = (input: SuperviseServiceInput) => Promise<never>;

const UPDATES = { start: startUpdate, stop: stopUpdate, restart: restartUpdate };
const ANSWER_MARGIN_MS = 20_000;
const MS_PER_S = 1_000;
/** gRPC FAILED_PRECONDITION. */
const PASSING_CODES: ReadonlySet<number> = new Set([9]);
const TRIES_MAX = 5;

/** Idempotent; false when it was there. */
export async function startSupervisor(
  { client }: TemporalClient,
  spec: ServiceSpec,
): Promise<boolean> {
  try {
    const intent = spec.autostart ? "running" : "stopped";
    await client.workflow.start<SuperviseService>(SUPERVISE_SERVICE, {
      ...supervisorOptions(spec),
      args: [{ service: spec.name, intent }],
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Sends an update and waits until it took effect; `start` also starts a supervisor that is not there. */
export async function commandService(
  temporal: TemporalClient,
  spec: ServiceSpec,
  command: ServiceCommandName,
): Promise<CommandOutcome> {
  const limitMs = (spec.stopWaitSeconds + spec.startSeconds) * MS_PER_S + ANSWER_MARGIN_MS;
  const updateId = randomUUID();
  try {
    const status = await temporal.connection.withDeadline(Date.now() + limitMs, () =>
      withRetry(() => sendUpdate(temporal, { spec, command, updateId })),
    );
    return { kind: "done", status: ServiceStatus.parse(status) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: "no_supervisor" };
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return { kind: "no_answer" };
    throw error;
  }
}

function sendUpdate(
  { client }: TemporalClient,
  about: {
    readonly spec: ServiceSpec;
    readonly command: ServiceCommandName;
    readonly updateId: string;
  },
): Promise<ServiceStatus> {
  const { spec, command, updateId } = about;
  if (command !== "start") {
    const handle = client.workflow.getHandle(supervisorIdOf(spec.name));
    return handle.executeUpdate(UPDATES[command], { args: [{}], updateId });
  }
  const startWorkflowOperation = new WithStartWorkflowOperation<SuperviseService>(
    SUPERVISE_SERVICE,
    {
      ...supervisorOptions(spec),
      args: [{ service: spec.name }],
      workflowIdConflictPolicy: "USE_EXISTING",
    },
  );
  const options = { args: [{}] satisfies [unknown], updateId, startWorkflowOperation };
  return client.workflow.executeUpdateWithStart(startUpdate, options);
}

/** A workflow task that fails under an update (continue-as-new at that moment) is no answer: ask again. */
async function withRetry<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      const isPassing = isGrpcServiceError(error) && PASSING_CODES.has(error.code);
      if (!isPassing || TRIES_MAX <= tries) throw error;
    }
  }
}

function supervisorOptions(spec: ServiceSpec) {
  return {
    workflowId: supervisorIdOf(spec.name),
    taskQueue: taskQueueOf(spec.layer),
    staticSummary: `supervises ${spec.name}`,
    staticDetails:
      `Keeps **${spec.name}** running: \`run-${spec.name}\` is one life of its process. ` +
      "Updates: `start`, `stop`, `restart`, `setMode`. Query: `status`.",
  };
}
