/** What Temporal knows of a batch run beside its result: what it was started with, and whether a worker asks for it. */
import { isDeepStrictEqual } from "node:util";
import { defaultPayloadConverter } from "@temporalio/common";
import type { TemporalClient } from "../../adapters/temporal-client.ts";

/** Longer than a worker's question stays open at the server; it forgets a worker only after minutes. */
const ASKED_WITHIN_MS = 90_000;

export type BatchRun = {
  readonly workflow: string;
  readonly input: Readonly<Record<string, unknown>>;
};

/** As its history has it. */
export async function startOf(
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

/** Fields whose values differ; one that is absent is as one that is null. */
export function differingFields(
  one: BatchRun["input"],
  other: BatchRun["input"],
): readonly string[] {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...fields].filter(
    (field) => !isDeepStrictEqual(one[field] ?? null, other[field] ?? null),
  );
}

/** Whether a worker asked this queue for work of late. */
export async function hasWorker(
  { connection, address }: TemporalClient,
  queue: string,
): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace: address.namespace,
    taskQueue: { name: queue },
  });
  const sinceMs = Date.now() - ASKED_WITHIN_MS;
  return (pollers ?? []).some(
    ({ lastAccessTime }) => sinceMs < Number(lastAccessTime?.seconds ?? 0) * 1_000,
  );
}
