/** A client of metaHealth: starts it, brings it to its declaration, sets its mode, reads its decisions. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { messageOf } from "../../../domain/failure.ts";
import type { DeclarationOutcome } from "../../../domain/supervision/declared/declaration.ts";
import type { Mode } from "../../../domain/supervision/next-step.ts";
import { MetaHealthStatus } from "../../../wire/health/meta-health-status.ts";
import { type MetaHealthInput, setRecoveryModeUpdate } from "../../../workflows/messages/health.ts";
import { META_HEALTH, META_HEALTH_ID, taskQueueOf } from "../../../workflows/names.ts";
import { wallMs } from "../../../adapters/clock.ts";
import type { TemporalClient } from "../../../adapters/temporal-client.ts";
import { metaHealthOptions } from "./signal-transitions.ts";

type MetaHealth = (input: MetaHealthInput) => Promise<never>;
export type ModeOutcome =
  | { readonly kind: "done"; readonly status: MetaHealthStatus }
  | { readonly kind: "absent" }
  | { readonly kind: "no_answer" }
  | { readonly kind: "refused"; readonly why: string };

const ANSWER_MS_MAX = 15_000;

/** Idempotent; false when it existed. */
export async function startMetaHealth({ client }: TemporalClient, mode: Mode): Promise<boolean> {
  try {
    await client.workflow.start<MetaHealth>(META_HEALTH, {
      ...metaHealthOptions(),
      args: [{ mode }],
      memo: { declared_mode: mode },
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Idempotent: starts it, or tells it a mode that the configuration has changed. */
export async function bringMetaHealth(
  temporal: TemporalClient,
  mode: Mode,
  isServed: boolean,
): Promise<DeclarationOutcome> {
  if (await startMetaHealth(temporal, mode)) return { kind: "created" };
  const before = await declaredMode(temporal);
  if (before === mode) return { kind: "unchanged" };
  const changes = [{ what: "mode", from: before ?? "not declared", to: mode }];
  const queue = taskQueueOf("health");
  if (!isServed) return { kind: "refused", changes, why: `no worker polls task queue ${queue}` };
  const outcome = await sendMode(temporal, { mode, declared: true });
  if (outcome.kind === "done") return { kind: "changed", changes };
  const why =
    outcome.kind === "refused" ? outcome.why : `no worker on task queue ${queue} executed it`;
  return { kind: "refused", changes, why };
}

export function setRecoveryMode(temporal: TemporalClient, mode: Mode): Promise<ModeOutcome> {
  return sendMode(temporal, { mode });
}

async function sendMode(
  { client, connection }: TemporalClient,
  order: { readonly mode: Mode; readonly declared?: true },
): Promise<ModeOutcome> {
  try {
    const status = await connection.withDeadline(wallMs() + ANSWER_MS_MAX, () =>
      client.workflow
        .getHandle(META_HEALTH_ID)
        .executeUpdate(setRecoveryModeUpdate, { args: [order] }),
    );
    return { kind: "done", status };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: "absent" };
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return { kind: "no_answer" };
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return { kind: "refused", why: messageOf(error.cause ?? error) };
  }
}

/** From its memo, so that no worker need answer; null where there is none, or it has not reported yet. */
export async function readMetaHealth({ client }: TemporalClient): Promise<MetaHealthStatus | null> {
  try {
    const { memo } = await client.workflow.getHandle(META_HEALTH_ID).describe();
    return MetaHealthStatus.safeParse(memo?.["status"]).data ?? null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

async function declaredMode(temporal: TemporalClient): Promise<string | null> {
  const status = await readMetaHealth(temporal);
  if (status !== null) return status.declared_mode;
  const { memo } = await temporal.client.workflow.getHandle(META_HEALTH_ID).describe();
  const declared = memo?.["declared_mode"];
  return typeof declared === "string" ? declared : null;
}
