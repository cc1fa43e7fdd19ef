/** Repeats a piece of work: at once while there is more of it, else a second later. */
import { setTimeout as delay } from "node:timers/promises";

export type Loop = {
  /** Resolves when the piece in progress has ended. */
  stop(): Promise<void>;
};

const POLL_EVERY_MS = 1_000;

/** `round` returns whether more may be due at once; an error that it throws is a bug. */
export function keepDoing(
  round: () => Promise<boolean>,
  onFailure: (error: unknown) => void,
): Loop {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const hasMore = await round();
      // Even then the event loop gets a turn, in which beats and signals are handled.
      await delay(hasMore ? 1 : POLL_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run().catch(onFailure);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
