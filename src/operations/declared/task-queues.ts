/**
 * Who polls a task queue: a supervisor or schedule on a queue without pollers would wait forever without an error.
 */
import type { Layer } from "../../domain/supervision/services.ts";
import { taskQueueOf } from "../../workflows/names.ts";
import { wallMs } from "../../adapters/clock.ts";
import type { Poll, TemporalReads } from "../../adapters/temporal/temporal-reads.ts";

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

export function pollersOf(
  reads: Pick<TemporalReads, "polls">,
  layers: readonly Layer[],
): Promise<readonly ServedQueue[]> {
  return Promise.all(
    layers.map(async (layer) => {
      const task_queue = taskQueueOf(layer);
      const kinds = await Promise.all(KINDS.map((kind) => polled(reads, task_queue, kind)));
      const [least = 0] = kinds.map(({ length }) => length).toSorted((a, b) => a - b);
      return { layer, task_queue, pollers: least };
    }),
  );
}

/** Of the workers that take its workflow tasks: each names itself. */
export function pollsOn(
  reads: Pick<TemporalReads, "polls">,
  layer: Layer,
): Promise<readonly Poll[]> {
  return polled(reads, taskQueueOf(layer), WORKFLOWS);
}

async function polled(
  reads: Pick<TemporalReads, "polls">,
  name: string,
  kind: number,
): Promise<readonly Poll[]> {
  const sinceMs = wallMs() - POLLED_MS_MAX;
  return (await reads.polls(name, kind)).filter(({ atMs }) => sinceMs <= atMs);
}
