/** Probes a worker: a query travels through Temporal to its workflow code and back. */
import { createThinCalls } from "../adapters/temporal/thin/thin-calls.ts";
import {
  historyReverseRequest,
  eventTypesIn,
  queryWorkflowRequest,
} from "../adapters/temporal/thin/thin-messages.ts";
import { isPastDeadline, TemporalCallError } from "../adapters/temporal/temporal-reads.ts";
import { SERVICE_NAMES } from "../domain/supervision/services.ts";
import { supervisorIdOf } from "../workflows/names.ts";
import type { ProbeResult } from "../adapters/process/process-silence.ts";

export type WorkerProbe = { probe(): Promise<ProbeResult>; close(): void };

const DEADLINE_MS = 4_000;
const ANSWER_MS_MAX = 500;
const SUPERVISOR = supervisorIdOf(SERVICE_NAMES[0]);
/** Values of temporal.api.enums.v1.EventType: outcomes of a workflow task. */
const COMPLETED = 7;
const TIMED_OUT = 8;
const FAILED = 9;
const LAST_EVENTS = 20;

/** Silence counts only while Temporal itself answers: any other failure is not the worker's. */
export function createWorkerProbe(address: string, namespace: string): WorkerProbe {
  const calls = createThinCalls({ address, namespace, deadlineMs: DEADLINE_MS });
  const { call } = calls;
  /** Whether the task was started and never answered: a failure of the workflow's code is not silence. */
  const isLetLie = async (): Promise<boolean> => {
    const about = { namespace, workflowId: SUPERVISOR, countMax: LAST_EVENTS };
    const request = historyReverseRequest(about);
    const types = eventTypesIn(
      await call({ method: "GetWorkflowExecutionHistoryReverse", request }),
    );
    return types.find((type) => [COMPLETED, TIMED_OUT, FAILED].includes(type)) === TIMED_OUT;
  };
  const temporalAnswers = () =>
    call({ method: "GetSystemInfo", request: Buffer.alloc(0), deadlineMs: ANSWER_MS_MAX });
  return {
    close: () => calls.close(),
    async probe() {
      const request = queryWorkflowRequest({ namespace, workflowId: SUPERVISOR, query: "status" });
      try {
        await call({ method: "QueryWorkflow", request });
        return "answered";
      } catch (error) {
        try {
          const isSilent = isUntaken(error) || (isStuck(error) && (await isLetLie()));
          if (isSilent) await temporalAnswers();
          return isSilent ? "silent" : "unknown";
        } catch {
          return "unknown";
        }
      }
    },
  };
}

/** The server waits for a worker at first; after a time without pollers it reports that at once. */
function isUntaken(error: unknown): boolean {
  if (!(error instanceof TemporalCallError)) return false;
  return isPastDeadline(error) || error.message.includes("no poller seen");
}

/** After three failed workflow tasks the server no longer sends queries. */
function isStuck(error: unknown): boolean {
  return error instanceof TemporalCallError && error.message.includes("in failed state");
}
