/** Brings a supervisor to its service's declaration: starts it where there is none, else sends it the declaration. */
import {
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import {
  declarationChanges,
  type DeclarationOutcome,
  type ServiceDeclaration,
} from "../../domain/supervision/declared/declaration.ts";
import { messageOf } from "../../domain/failure.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { Declaration, ServiceStatus } from "../../wire/supervision.ts";
import { configureUpdate } from "../../workflows/messages/supervision.ts";
import { supervisorIdOf, taskQueueOf } from "../../workflows/names.ts";
import { wallMs } from "../../adapters/clock.ts";
import { startSupervisor } from "../supervision/supervisor-commands.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";

const ANSWER_MS_MAX = 15_000;

/** Idempotent. */
export async function bringSupervisor(
  temporal: TemporalClient,
  spec: ServiceSpec,
  about: { readonly declared: ServiceDeclaration; readonly isServed: boolean },
): Promise<DeclarationOutcome> {
  const { declared, isServed } = about;
  if (await startSupervisor(temporal, spec, declared)) return { kind: "created" };
  const changes = declarationChanges(await declaredBefore(temporal, spec), declared);
  if (changes.length === 0) return { kind: "unchanged" };
  const queue = taskQueueOf(spec.layer);
  // Without a worker the update would wait until it times out.
  if (!isServed) return { kind: "refused", changes, why: `no worker polls task queue ${queue}` };
  try {
    await temporal.connection.withDeadline(wallMs() + ANSWER_MS_MAX, () =>
      temporal.client.workflow
        .getHandle(supervisorIdOf(spec.name))
        .executeUpdate(configureUpdate, { args: [declared] }),
    );
    return { kind: "changed", changes };
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      return {
        kind: "refused",
        changes,
        why: `no worker on task queue ${queue} executed it in time`,
      };
    }
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return { kind: "refused", changes, why: messageOf(error.cause ?? error) };
  }
}

/** From its status; for a supervisor that has not run yet, from its start arguments. */
async function declaredBefore(
  { client }: TemporalClient,
  spec: ServiceSpec,
): Promise<ServiceDeclaration | null> {
  const { memo } = await client.workflow.getHandle(supervisorIdOf(spec.name)).describe();
  const status = ServiceStatus.safeParse(memo?.["status"]).data;
  if (status?.declared !== undefined) return status.declared;
  return Declaration.safeParse(memo?.["declared"]).data ?? null;
}
