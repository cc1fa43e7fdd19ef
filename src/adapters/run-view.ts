/** The state of a service's run and supervisor on the server, and the signals sent to them. */
import { type Client, WorkflowFailedError, WorkflowNotFoundError } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import type { Mode } from "../domain/supervision/next-step.ts";
import type { OrphanSigns } from "../domain/supervision/hold/orphan.ts";
import { RunDetails, RunResult, ServiceStatus } from "../wire/supervision.ts";
import { reportSignal } from "../workflows/messages/supervision.ts";
import type { RunDescription, RunReport } from "../workflows/messages/supervision.ts";
import { runIdOf, supervisorIdOf } from "../workflows/names.ts";
import type { TemporalClient } from "./temporal-client.ts";

const MODE_MS_MAX = 500;
const SIGNS_MS_MAX = 2_000;
/** temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED */
const STARTED = 2;

/** Describes the newest run of a service; an ended one includes its result. */
export async function describeServiceRun(
  { client }: TemporalClient,
  service: string,
): Promise<RunDescription> {
  const handle = client.workflow.getHandle(runIdOf(service));
  try {
    const description = await handle.describe();
    const life = description.memo?.["life"];
    const common = { runId: description.runId, life: typeof life === "number" ? life : 0 };
    if (description.status.name === "RUNNING") {
      const payload = description.raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0];
      const details: unknown =
        payload == null ? null : defaultPayloadConverter.fromPayload<unknown>(payload);
      return { kind: "open", ...common, details: RunDetails.safeParse(details).data ?? null };
    }
    const result =
      description.status.name === "COMPLETED"
        ? await resultOf(client, description.runId, service)
        : null;
    return { kind: "closed", ...common, status: description.status.name, result };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: "absent" };
    throw error;
  }
}

/**
 * The mode that an operator set; null while Temporal does not answer. Without a supervisor nobody would restart the
 * service, so nobody ends it either.
 */
export async function supervisorMode(
  { client, connection }: TemporalClient,
  service: string,
): Promise<Mode | null> {
  try {
    const { memo } = await connection.withDeadline(Date.now() + MODE_MS_MAX, () =>
      client.workflow.getHandle(supervisorIdOf(service)).describe(),
    );
    return ServiceStatus.safeParse(memo?.["status"]).data?.mode ?? "auto";
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? "monitor-only" : null;
  }
}

/** What the server knows of a service whose process this worker keeps while no activity attempt holds it. */
export async function orphanSigns(
  { client, connection }: TemporalClient,
  service: string,
  isOwn: (workerIdentity: string) => boolean,
): Promise<OrphanSigns> {
  const [supervisor, run] = await connection.withDeadline(Date.now() + SIGNS_MS_MAX, () =>
    Promise.all([
      describeIfThere(client, supervisorIdOf(service)),
      describeIfThere(client, runIdOf(service)),
    ]),
  );
  const intent = ServiceStatus.safeParse(supervisor?.memo?.["status"]).data?.intent;
  const word = supervisor?.status.name;
  const started = run?.raw.pendingActivities?.find(({ state }) => Number(state) === STARTED);
  const holder = started?.lastWorkerIdentity ?? "";
  return {
    supervisor:
      word === "CANCELLED"
        ? "cancelled"
        : word !== "RUNNING"
          ? "gone"
          : intent === "stopped"
            ? "told to stop"
            : "running",
    run:
      run?.status.name !== "RUNNING"
        ? "none"
        : holder === "" || isOwn(holder)
          ? "waiting"
          : "elsewhere",
  };
}

async function describeIfThere(client: Client, workflowId: string) {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** As its supervisor last published it; null where none ever ran. */
export async function supervisedStatus(
  { client }: TemporalClient,
  service: string,
): Promise<ServiceStatus | null> {
  try {
    const { memo } = await client.workflow.getHandle(supervisorIdOf(service)).describe();
    return ServiceStatus.safeParse(memo?.["status"]).data ?? null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Signals the supervisor, whichever run of it is open; false where none is. */
export async function reportToSupervisor(
  { client }: TemporalClient,
  service: string,
  report: RunReport,
): Promise<boolean> {
  try {
    await client.workflow.getHandle(supervisorIdOf(service)).signal(reportSignal, report);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function resultOf(
  client: TemporalClient["client"],
  runId: string,
  service: string,
): Promise<RunResult | null> {
  try {
    const handle = client.workflow.getHandle(runIdOf(service), runId, { followRuns: false });
    return RunResult.safeParse(await handle.result()).data ?? null;
  } catch (error) {
    if (error instanceof WorkflowFailedError) return null;
    throw error;
  }
}
