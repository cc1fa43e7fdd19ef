import { setTimeout as delay } from "node:timers/promises";

const REST_MS_MIN = 25;
const REST_MS_MAX = 1_000;
const RESTS_PER_LOOK = 2;

/** Between two looks: twice as long as a look takes. One that starts a program or asks a server would slow what it waits for. */
export function restAfter(lookMs: number): Promise<void> {
  return delay(Math.min(Math.max(RESTS_PER_LOOK * lookMs, REST_MS_MIN), REST_MS_MAX));
}
