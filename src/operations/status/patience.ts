/**
 * Waits for a server's answer, counting only the time in which this process could receive it: during a start, or on a
 * busy machine, an answer may lie unread, which is not the server's silence. Invariant: the reported time of an
 * answer is at most the allowed time.
 */
import { monotonicMs } from "../../adapters/clock.ts";

export type Answered<T> =
  | { readonly kind: "answered"; readonly value: T; readonly ms: number }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "silent" };

const TICK_MS = 20;

export async function listenFor<T>(question: Promise<T>, allowedMs: number): Promise<Answered<T>> {
  const listening = listen(allowedMs);
  try {
    return await Promise.race([
      question.then(
        (value) => ({ kind: "answered", value, ms: listening.ms() }) as const,
        (error: unknown) => ({ kind: "failed", error }) as const,
      ),
      listening.over.then(() => ({ kind: "silent" }) as const),
    ]);
  } finally {
    listening.stop();
  }
}

/** A turn of the event loop that took longer than a tick counts as one tick. */
function listen(allowedMs: number) {
  let heardMs = 0;
  let lookedMs = monotonicMs();
  const over = Promise.withResolvers<void>();
  const poll = (): number => {
    const nowMs = monotonicMs();
    heardMs = Math.min(heardMs + Math.min(nowMs - lookedMs, TICK_MS), allowedMs);
    lookedMs = nowMs;
    if (allowedMs <= heardMs) over.resolve();
    return heardMs;
  };
  const timer = setInterval(poll, TICK_MS);
  return { over: over.promise, ms: poll, stop: () => clearInterval(timer) };
}
