/** Starts supervisors, and sends them an operator's commands. */
import { randomUUID } from "node:crypto";
import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { messageOf } from "../../domain/failure.ts";
import {
  intentAtFirst,
  type ServiceDeclaration,
} from "../../domain/supervision/declared/declaration.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { ServiceStatus } from "../../wire/supervision.ts";
import {
  recoverUpdate,
  restartUpdate,
  startUpdate,
  stopUpdate,
} from "../../workflows/messages/supervision.ts";
import type { RecoverAnswer, SuperviseServiceInput } from "../../workflows/messages/supervision.ts";
import type { RecoveryOrder } from "../../workflows/messages/health.ts";
import { SUPERVISE_SERVICE, supervisorIdOf, taskQueueOf } from "../../workflows/names.ts";
import { type Declared, type SupervisorFound, wantedIn } from "./supervisor-found.ts";
import { readSupervision } from "../status/temporal-view.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";

export type ServiceCommandName = "start" | "stop" | "restart";
/** With an id it may be sent twice and is carried out once. */
export type SupervisorRequest =
  ServiceCommandName | { readonly name: ServiceCommandName; readonly id: string };
export type CommandOutcome =
  | { readonly kind: "done"; readonly status: ServiceStatus }
  | { readonly kind: "no_supervisor" }
  /** By the supervisor, which knows the last declaration. */
  | { readonly kind: "refused"; readonly why: string }
  /** No worker of the layer handled the command in time. */
  | { readonly kind: "no_answer" };
type SuperviseService = (input: SuperviseServiceInput) => Promise<never>;

const UPDATES = { start: startUpdate, stop: stopUpdate, restart: restartUpdate };
const ANSWER_MARGIN_MS = 20_000;
const MS_PER_S = 1_000;
/** gRPC FAILED_PRECONDITION. */
const PASSING_CODES: ReadonlySet<number> = new Set([9]);
const TRIES_MAX = 5;
const RECOVER_MS_MAX = 8_000;

/** Idempotent; false when it existed. */
export function startSupervisor(
  { client }: TemporalClient,
  spec: ServiceSpec,
  declared: ServiceDeclaration,
): Promise<boolean> {
  return startWanted(client, spec, { intent: intentAtFirst(declared), mode: "auto", declared });
}

/** Closed by something other than an operator's intent for the service. */
const LOST: ReadonlySet<string> = new Set(["TERMINATED", "TIMED_OUT"]);

export async function describeSupervisor(
  { client }: TemporalClient,
  spec: ServiceSpec,
): Promise<SupervisorFound> {
  try {
    const { status, memo } = await client.workflow.getHandle(supervisorIdOf(spec.name)).describe();
    const wanted = wantedIn(memo);
    if (status.name === "RUNNING") return { kind: "running", wanted };
    return { kind: LOST.has(status.name) ? "lost" : "ended", wanted };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: "lost", wanted: null };
    throw error;
  }
}

/** False when it exists. */
export async function startWanted(
  client: TemporalClient["client"],
  spec: ServiceSpec,
  wanted: Declared,
): Promise<boolean> {
  const { intent, mode, declared } = wanted;
  const known = declared === undefined ? {} : { declared };
  try {
    await client.workflow.start<SuperviseService>(SUPERVISE_SERVICE, {
      ...supervisorOptions(spec),
      // So that it can be read before a worker has run it.
      memo: known,
      args: [{ service: spec.name, intent, mode, ...known }],
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Sends an update and waits until it took effect; `start` also starts a missing supervisor. */
export async function commandService(
  temporal: TemporalClient,
  spec: ServiceSpec,
  asked: SupervisorRequest,
): Promise<CommandOutcome> {
  const { name: command, id: updateId } =
    typeof asked === "string" ? { name: asked, id: randomUUID() } : asked;
  const limitMs = (spec.stopWaitSeconds + spec.startSeconds) * MS_PER_S + ANSWER_MARGIN_MS;
  try {
    const status = await temporal.connection.withDeadline(Date.now() + limitMs, () =>
      withRetry(() => sendUpdate(temporal, { spec, command, updateId })),
    );
    return { kind: "done", status: ServiceStatus.parse(status) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: "no_supervisor" };
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return { kind: "no_answer" };
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return { kind: "refused", why: messageOf(error.cause ?? error) };
  }
}

/** Carries out a decision of metaHealth; idempotent by its id. */
export async function recoverService(
  { client, connection }: TemporalClient,
  { decision, target, why, at_ms }: RecoveryOrder,
): Promise<RecoverAnswer> {
  const handle = client.workflow.getHandle(supervisorIdOf(target.name));
  const order = { args: [{ decision, why, at_ms }] satisfies [unknown], updateId: decision };
  try {
    return await connection.withDeadline(Date.now() + RECOVER_MS_MAX, () =>
      withRetry(() => handle.executeUpdate(recoverUpdate, order)),
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { done: false, says: "it has no supervisor" };
  }
}

/** A service's intended state, from its supervisor's memo, so that no worker needs to answer. */
export async function intentOf(
  { reads }: TemporalClient,
  spec: ServiceSpec,
): Promise<ServiceStatus["intent"]> {
  const { status } = await readSupervision(reads, spec.name, Date.now());
  return status?.intent ?? (spec.autostart ? "running" : "stopped");
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

/**
 * A workflow task that fails during an update (because of continue-as-new at that moment) is not an answer: try
 * again.
 */
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
