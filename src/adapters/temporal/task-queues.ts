/**
 * Who polls a task queue: a supervisor or schedule on a queue without pollers would wait forever without an error.
 */
import type { Layer } from "../../domain/supervision/services.ts";
import { taskQueueOf } from "../../workflows/names.ts";
import { wallMs } from "../clock.ts";
import type { Poll, TemporalReads } from "./temporal-reads.ts";

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
/** With some time to answer. */
const REMEMBERED_MS_MAX = 310_000;

export async function pollersOf(
  reads: Pick<TemporalReads, "polls">,
  layers: readonly Layer[],
): Promise<readonly ServedQueue[]> {
  const queues = await Promise.all(
    layers.map(async (layer) => {
      const task_queue = taskQueueOf(layer);
      const kinds = await Promise.all(KINDS.map((kind) => reads.polls(task_queue, kind)));
      return { layer, task_queue, kinds };
    }),
  );
  const isRecent = recentOf(queues.flatMap(({ kinds }) => kinds.flat()));
  return queues.map(({ kinds, ...queue }) => {
    const pollers = Math.min(...kinds.map((polls) => polls.filter(isRecent).length));
    return { ...queue, pollers };
  });
}

/** Of the workers that take its workflow tasks: each names itself. */
export async function pollsOn(
  reads: Pick<TemporalReads, "polls">,
  layer: Layer,
): Promise<readonly Poll[]> {
  const polls = await reads.polls(taskQueueOf(layer), WORKFLOWS);
  return polls.filter(recentOf(polls));
}

/** Of these answers of one server. */
function recentOf(polls: readonly Poll[]): (poll: Poll) => boolean {
  const times = polls.map(({ atMs }) => atMs);
  const sinceMs = serverMs(times, wallMs()) - POLLED_MS_MAX;
  return ({ atMs }) => sinceMs <= atMs;
}

/**
 * The server's time, as near as its answer tells: where this machine's clock cannot be right, because a poll would be in
 * the future, or one that the server has forgotten, it is that of the newest poll. A clock that is ahead by less than
 * that cannot be told from workers that have ended.
 */
function serverMs(pollTimes: readonly number[], hostMs: number): number {
  const newest = Math.max(...pollTimes);
  const isRight = newest <= hostMs && hostMs <= Math.min(...pollTimes) + REMEMBERED_MS_MAX;
  return isRight ? hostMs : newest;
}
