/**
 * Who polls a task queue: a supervisor or schedule on a queue without pollers would wait forever without an error.
 */
import type { Layer } from "../../domain/supervision/services.ts";
import { taskQueueOf } from "../../workflows/names.ts";
import { wallMs } from "../../adapters/clock.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";

export type ServedQueue = {
  readonly layer: Layer;
  readonly task_queue: string;
  /** Workers that poll it for workflow tasks or activities. */
  readonly pollers: number;
};

/** temporal.api.enums.v1.TaskQueueType: workflow tasks and activities. */
const WORKFLOWS = 1;
const KINDS = [WORKFLOWS, 2];
/**
 * A poll lasts a minute, and the server remembers pollers for five: an older one belongs to a worker that has ended.
 */
export const POLLED_MS_MAX = 70_000;

export type Poll = {
  readonly identity: string;
  /** When it began, by the server's clock. */
  readonly atMs: number;
};

export function pollersOf(
  temporal: TemporalClient,
  layers: readonly Layer[],
): Promise<readonly ServedQueue[]> {
  return Promise.all(
    layers.map(async (layer) => {
      const task_queue = taskQueueOf(layer);
      const kinds = await Promise.all(KINDS.map((kind) => polled(temporal, task_queue, kind)));
      const [least = 0] = kinds.map(({ length }) => length).toSorted((a, b) => a - b);
      return { layer, task_queue, pollers: least };
    }),
  );
}

/** Of the workers that take its workflow tasks: each names itself. */
export function pollsOn(temporal: TemporalClient, layer: Layer): Promise<readonly Poll[]> {
  return polled(temporal, taskQueueOf(layer), WORKFLOWS);
}

async function polled(
  { connection, address }: TemporalClient,
  name: string,
  taskQueueType: number,
): Promise<readonly Poll[]> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace: address.namespace,
    taskQueue: { name },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum's package is no dependency
    taskQueueType,
  });
  const sinceMs = wallMs() - POLLED_MS_MAX;
  return (pollers ?? []).flatMap(({ lastAccessTime, identity }) => {
    const { seconds = 0, nanos = 0 } = lastAccessTime ?? {};
    const atMs = Number(seconds) * 1_000 + Number(nanos) / 1e6;
    return sinceMs <= atMs ? [{ identity: identity ?? "", atMs }] : [];
  });
}
