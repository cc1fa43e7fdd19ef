/** Starts, joins and cancels runs of the batch workers, for the command line and the dashboard. */
import { isDeepStrictEqual } from "node:util";
import {
  type WorkflowHandleWithFirstExecutionRunId,
  WorkflowNotFoundError,
} from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { BacktestReference } from "../../workflows/messages/backtest.ts";
import { BACKTEST_ID_PREFIX, taskQueueOf } from "../../workflows/names.ts";
import { CommandRefused } from "../command-refused.ts";

export type NamedRun = BatchRun & { readonly name: string };
type Batch = (input: BatchRun["input"]) => Promise<BacktestReference>;

/** Joins a run of this name in progress if its input is the same. @throws {CommandRefused} if it differs. */
export async function startBatchRun(
  temporal: TemporalClient,
  run: NamedRun,
): Promise<WorkflowHandleWithFirstExecutionRunId<Batch>> {
  const workflowId = `${BACKTEST_ID_PREFIX}${run.name}`;
  const handle = await temporal.client.workflow.start<Batch>(run.workflow, {
    workflowId,
    taskQueue: taskQueueOf("batch"),
    args: [run.input],
    workflowIdConflictPolicy: "USE_EXISTING",
    staticSummary: `${run.workflow} ${run.name}`,
  });
  const execution = { workflowId, runId: handle.firstExecutionRunId };
  refuseOther(run, await startOf(temporal, execution));
  return handle;
}

/**
 * Requests cancellation: finished parts are kept. @throws {CommandRefused} where no run of this name is in progress.
 */
export async function cancelRun(temporal: TemporalClient, name: string): Promise<void> {
  const workflowId = `${BACKTEST_ID_PREFIX}${name}`;
  try {
    await temporal.client.workflow.getHandle(workflowId).cancel();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandRefused(`there is no running ${workflowId}, so nothing was cancelled`);
  }
}

/** A run in progress with this name may have another input. */
function refuseOther({ workflow, name, input }: NamedRun, running: BatchRun): void {
  const fields = differingFields(running.input, input);
  const isSame = running.workflow === workflow && fields.length === 0;
  if (isSame) return;
  const what =
    running.workflow === workflow
      ? `with other values of ${fields.join(", ")}`
      : `as a ${running.workflow}`;
  throw new CommandRefused(
    `${BACKTEST_ID_PREFIX}${name} is already running, ${what}: wait for its end, or use another --name`,
  );
}

export type BatchRun = {
  readonly workflow: string;
  readonly input: Readonly<Record<string, unknown>>;
};

/** Its start input, from its history. */
async function startOf(
  { connection, address }: TemporalClient,
  execution: { readonly workflowId: string; readonly runId: string },
): Promise<BatchRun> {
  const { history } = await connection.workflowService.getWorkflowExecutionHistory({
    namespace: address.namespace,
    execution,
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.input?.payloads?.[0];
  const input = payload
    ? defaultPayloadConverter.fromPayload<BatchRun["input"] | null>(payload)
    : null;
  return { workflow: started?.workflowType?.name ?? "", input: input ?? {} };
}

/** Fields with different values; an absent one equals null. */
function differingFields(one: BatchRun["input"], other: BatchRun["input"]): readonly string[] {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...fields].filter(
    (field) => !isDeepStrictEqual(one[field] ?? null, other[field] ?? null),
  );
}
