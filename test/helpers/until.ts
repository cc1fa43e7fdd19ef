/** Waits for a condition, never for a time. */
import { restAfter } from "./rest.ts";

/** Bounds a failure only: tests wait for facts, however long a busy machine takes. */
const WAIT_MS_MAX = 300_000;

/** Polls until `read` gives something other than null, false or undefined. */
export async function until<T>(
  what: string | (() => string),
  read: () => T | Promise<T>,
  waitMs = WAIT_MS_MAX,
): Promise<NonNullable<T>> {
  const limitMs = Math.max(waitMs, WAIT_MS_MAX);
  const endMs = performance.now() + limitMs;
  for (;;) {
    const fromMs = performance.now();
    const value = await read();
    if (value !== null && value !== undefined && value !== false) return value;
    if (endMs < performance.now()) {
      throw new Error(`not within ${limitMs} ms: ${typeof what === "string" ? what : what()}`);
    }
    await restAfter(performance.now() - fromMs);
  }
}
