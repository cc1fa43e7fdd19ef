/** Does a piece of work again and again: at once while there is more of it, else a second later. */
import { setTimeout as delay } from "node:timers/promises";

export type Loop = {
  /** Resolves when the piece that is under way has ended. */
  stop(): Promise<void>;
};

const LOOK_EVERY_MS = 1_000;

/** `round` returns whether there may be more at once; what it throws is a bug. */
export function keepDoing(
  round: () => Promise<boolean>,
  onFailure: (error: unknown) => void,
): Loop {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const hasMore = await round();
      // Even then the event loop has its turn: beats and signals are heard in it.
      await delay(hasMore ? 1 : LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
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
