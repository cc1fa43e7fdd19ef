/** Waiting for a condition, never for a time. */
import { setTimeout as delay } from "node:timers/promises";

/** Bounds a failure only: no machine is measured by it. */
const WAIT_MS_MAX = 120_000;
const POLL_EVERY_MS = 25;

/** Polls until `read` gives something other than null, false or undefined. */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
  waitMs = WAIT_MS_MAX,
): Promise<NonNullable<T>> {
  const limitMs = Math.max(waitMs, WAIT_MS_MAX);
  const endMs = Date.now() + limitMs;
  for (;;) {
    const value = await read();
    if (value !== null && value !== undefined && value !== false) return value;
    if (endMs < Date.now()) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(POLL_EVERY_MS);
  }
}
