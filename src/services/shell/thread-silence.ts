/** Whether a thread hangs, judged by a counter that it increments; time in which nobody looked does not count. */
import { monotonicMs } from "../../adapters/clock.ts";
import { HEARD, isTooSilent, silentPoll } from "../../domain/supervision/silence.ts";

export type SilenceLimits = {
  /** Interval of the looks. */
  readonly pollMs: number;
  readonly hungAfterMs: number;
};

/** `alive` is incremented by the thread while nothing blocks it; each call is a look. */
export function watchThread(alive: Int32Array, limits: SilenceLimits): () => boolean {
  let seen = 0;
  let lookedMs = monotonicMs();
  let silence = HEARD;
  return () => {
    const count = Atomics.load(alive, 0);
    const nowMs = monotonicMs();
    silence = count === seen ? silentPoll(silence, nowMs - lookedMs, limits.pollMs) : HEARD;
    seen = count;
    lookedMs = nowMs;
    return isTooSilent(silence, limits.hungAfterMs);
  };
}
