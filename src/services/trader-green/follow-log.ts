/** Reads BLUE's log as it grows: slice after slice while there are events, else when a write is notified. */
import type { LogWatch } from "../../adapters/event-log/watch-log.ts";
import { startPacedLoop } from "../shell/paced-loop.ts";

type Followed = {
  /** Reads a slice. */
  readonly takeSlice: () => { readonly isNews: boolean; readonly hasMore: boolean };
  readonly watch: (onWrite: () => void) => LogWatch;
  readonly onNews: () => void;
  readonly nowMs: () => number;
};

/** Longest wait of an event that BLUE appended: several writes are read together. */
const POLL_EVERY_MS = 50;
/** While writes are notified. */
const POLL_ANYWAY_MS = 1_000;

export function followLog({ takeSlice, watch, onNews, nowMs }: Followed) {
  let newestAtMs: number | null = null;
  let isNotified = false;
  const turn = (): number => {
    const { isNews, hasMore } = takeSlice();
    if (isNews) {
      newestAtMs = nowMs();
      onNews();
    }
    if (hasMore) return 0;
    // What is found without a notification may be in another folder of that name.
    if (isNews && !isNotified) watching.renew();
    isNotified = false;
    return watching.isNotifying() ? POLL_ANYWAY_MS : POLL_EVERY_MS;
  };
  const watching = watch(() => {
    isNotified = true;
    loop.wake();
  });
  const loop = startPacedLoop({ turn, apartMs: POLL_EVERY_MS, nowMs });
  return {
    ageMs: () => (newestAtMs === null ? null : nowMs() - newestAtMs),
    stop(): void {
      loop.stop();
      watching.close();
    },
  };
}
