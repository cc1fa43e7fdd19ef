/** Probes a worker: a query travels through Temporal to its workflow code and back. */
import { isGrpcDeadlineError, ServiceError } from "@temporalio/client";
import {
  connectTemporal,
  temporalAnswers,
  type TemporalClient,
} from "../adapters/temporal-client.ts";
import { SERVICE_NAMES } from "../domain/supervision/services.ts";
import { supervisorIdOf } from "../workflows/names.ts";
import type { ProbeResult } from "../adapters/process/process-silence.ts";

export type WorkerProbe = { probe(): Promise<ProbeResult>; close(): Promise<void> };

const DEADLINE_MS = 4_000;
const SUPERVISOR = supervisorIdOf(SERVICE_NAMES[0]);
/** Values of temporal.api.enums.v1.EventType: outcomes of a workflow task. */
const COMPLETED = 7;
const TIMED_OUT = 8;
const FAILED = 9;
const LAST_EVENTS = 20;

/** Silence counts only while Temporal itself answers: any other failure is not the worker's. */
export function createWorkerProbe(temporalAddress: string): WorkerProbe {
  const temporal = connectTemporal(temporalAddress);
  const { client, connection } = temporal;
  const supervisor = client.workflow.getHandle(SUPERVISOR);
  return {
    close: () => temporal.close(),
    async probe() {
      try {
        await connection.withDeadline(Date.now() + DEADLINE_MS, () => supervisor.query("status"));
        return "answered";
      } catch (error) {
        const isSilent = isUntaken(error) || (isStuck(error) && (await isLetLie(temporal)));
        return isSilent && (await temporalAnswers(temporal)) ? "silent" : "unknown";
      }
    },
  };
}

/** The server waits for a worker at first; after a time without pollers it reports that at once. */
function isUntaken(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : undefined;
  return isGrpcDeadlineError(error) || String(cause).includes("no poller seen");
}

/** After three failed workflow tasks the server no longer sends queries. */
function isStuck(error: unknown): boolean {
  return error instanceof ServiceError && String(error.cause).includes("in failed state");
}

/** Whether the task was started and never answered: a failure of the workflow's code is not silence. */
async function isLetLie({ connection, address }: TemporalClient): Promise<boolean> {
  try {
    const { history } = await connection.withDeadline(Date.now() + DEADLINE_MS, () =>
      connection.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: address.namespace,
        execution: { workflowId: SUPERVISOR },
        maximumPageSize: LAST_EVENTS,
      }),
    );
    const types = (history?.events ?? []).map(({ eventType }) => Number(eventType));
    return types.find((type) => [COMPLETED, TIMED_OUT, FAILED].includes(type)) === TIMED_OUT;
  } catch {
    return false;
  }
}
