/** Temporal's data on the services, read only by describe calls, so that no worker is needed. */
import type { TemporalReads, WorkflowDescription } from "../../adapters/temporal/temporal-reads.ts";
import { RunDetails, ServiceStatus } from "../../wire/supervision.ts";
import { runIdOf, supervisorIdOf } from "../../workflows/names.ts";
import type { Supervision } from "./service-row.ts";

/** @throws {TemporalCallError} while the server does not answer. */
export async function readSupervision(
  reads: Pick<TemporalReads, "describe">,
  service: string,
  nowMs: number,
): Promise<Supervision> {
  // Settled, not raced, so that the caller waits for every call.
  const [supervisor, run] = await Promise.allSettled([
    reads.describe(supervisorIdOf(service)),
    reads.describe(runIdOf(service)),
  ]);
  if (supervisor.status === "rejected") throw supervisor.reason;
  if (run.status === "rejected") throw run.reason;
  return { status: statusIn(supervisor.value), run: runIn(run.value, nowMs) };
}

function statusIn(supervisor: WorkflowDescription | null): ServiceStatus | null {
  return ServiceStatus.safeParse(supervisor?.memo["status"]).data ?? null;
}

function runIn(run: WorkflowDescription | null, nowMs: number): Supervision["run"] {
  if (run === null) return { kind: "none" };
  const { activity, startedMs } = run;
  const details = activity === null ? null : detailsIn(activity.details);
  if (details === null) {
    return { kind: "silent", sinceS: ageS(activity?.scheduledMs ?? startedMs, nowMs) };
  }
  // A new attempt inherits the last one's details; what counts is the time of the last heartbeat.
  return { kind: "reported", details, ageS: ageS(activity?.heartbeatMs ?? startedMs, nowMs) };
}

function detailsIn(value: unknown): RunDetails | null {
  return RunDetails.safeParse(value).data ?? null;
}

function ageS(fromMs: number, nowMs: number): number {
  return Math.max(0, (nowMs - fromMs) / 1_000);
}
