/** Whether a worker polls the batch queue. */
import type { TemporalClient } from "../../adapters/temporal-client.ts";

/** Longer than a poll stays open at the server, which forgets a worker only after minutes. */
const ASKED_WITHIN_MS = 90_000;

/** Whether a worker has polled this queue recently. */
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
