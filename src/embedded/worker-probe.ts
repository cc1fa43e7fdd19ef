/** Whether the worker answers: a query travels through Temporal to its workflow code and back. */
import { isGrpcDeadlineError, ServiceError } from "@temporalio/client";
import { connectTemporal, temporalAnswers } from "../adapters/temporal-client.ts";
import { SERVICE_NAMES } from "../domain/supervision/services.ts";
import { supervisorIdOf } from "../workflows/names.ts";
import type { Answer } from "./kept-process.ts";

export type WorkerProbe = { probe(): Promise<Answer>; close(): Promise<void> };

const DEADLINE_MS = 4_000;

/** Silence counts only while Temporal itself answers: what fails otherwise is not the worker. */
export function createWorkerProbe(temporalAddress: string): WorkerProbe {
  const temporal = connectTemporal(temporalAddress);
  const { client, connection } = temporal;
  const supervisor = client.workflow.getHandle(supervisorIdOf(SERVICE_NAMES[0]));
  return {
    close: () => temporal.close(),
    async probe() {
      try {
        await connection.withDeadline(Date.now() + DEADLINE_MS, () => supervisor.query("status"));
        return "answered";
      } catch (error) {
        return isUntaken(error) && (await temporalAnswers(temporal)) ? "silent" : "unknown";
      }
    },
  };
}

/** The server waits for a worker at first; once none has polled for a while it says so at once. */
function isUntaken(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : undefined;
  return isGrpcDeadlineError(error) || String(cause).includes("no poller seen");
}
