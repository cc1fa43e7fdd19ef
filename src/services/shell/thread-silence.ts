/** Whether a thread hangs, by a count that it raises; time in which nobody looked is none. */
import { monotonicMs } from "../../adapters/clock.ts";
import { HEARD, isTooSilent, silentLook } from "../../domain/supervision/silence.ts";

export type SilenceLimits = {
  /** From one look to the next. */
  readonly lookMs: number;
  readonly hungAfterMs: number;
};

/** `alive` is counted up by the thread while nothing holds it; each call is a look. */
export function watchThread(alive: Int32Array, limits: SilenceLimits): () => boolean {
  let seen = 0;
  let lookedMs = monotonicMs();
  let silence = HEARD;
  return () => {
    const count = Atomics.load(alive, 0);
    const nowMs = monotonicMs();
    silence = count === seen ? silentLook(silence, nowMs - lookedMs, limits.lookMs) : HEARD;
    seen = count;
    lookedMs = nowMs;
    return isTooSilent(silence, limits.hungAfterMs);
  };
}
