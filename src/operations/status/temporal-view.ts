/** Temporal's data on the services, read only by describe calls, so that no worker is needed. */
import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import { RunDetails, ServiceStatus } from "../../wire/supervision.ts";
import { runIdOf, supervisorIdOf } from "../../workflows/names.ts";
import type { Supervision } from "./service-row.ts";

type Description = Awaited<ReturnType<ReturnType<Client["workflow"]["getHandle"]>["describe"]>>;

export async function readSupervision(
  client: Client,
  service: string,
  nowMs: number,
): Promise<Supervision> {
  const [supervisor, run] = await Promise.allSettled([
    describe(client, supervisorIdOf(service)),
    describe(client, runIdOf(service)),
  ]);
  if (supervisor.status === "rejected") throw supervisor.reason;
  if (run.status === "rejected") throw run.reason;
  return { status: statusIn(supervisor.value), run: runIn(run.value, nowMs) };
}

/** Null where there is none, or it is closed. */
async function describe(client: Client, workflowId: string): Promise<Description | null> {
  try {
    const description = await client.workflow.getHandle(workflowId).describe();
    return description.status.name === "RUNNING" ? description : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function statusIn(supervisor: Description | null): ServiceStatus | null {
  return ServiceStatus.safeParse(supervisor?.memo?.["status"]).data ?? null;
}

function runIn(run: Description | null, nowMs: number): Supervision["run"] {
  if (run === null) return { kind: "none" };
  const activity = run.raw.pendingActivities?.[0];
  const payload = activity?.heartbeatDetails?.payloads?.[0];
  const details = payload == null ? null : detailsIn(defaultPayloadConverter.fromPayload(payload));
  if (details === null) {
    const fromMs = millis(activity?.scheduledTime) ?? run.startTime.getTime();
    return { kind: "silent", sinceS: ageS(fromMs, nowMs) };
  }
  // A new attempt inherits the last one's details; what counts is the time of the last heartbeat.
  const toldMs = millis(activity?.lastHeartbeatTime) ?? run.startTime.getTime();
  return { kind: "told", details, ageS: ageS(toldMs, nowMs) };
}

function detailsIn(value: unknown): RunDetails | null {
  return RunDetails.safeParse(value).data ?? null;
}

type Timestamp = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

function millis(timestamp: Timestamp): number | null {
  if (timestamp?.seconds == null) return null;
  return Number(timestamp.seconds) * 1_000 + (timestamp.nanos ?? 0) / 1_000_000;
}

function ageS(fromMs: number, nowMs: number): number {
  return Math.max(0, (nowMs - fromMs) / 1_000);
}
