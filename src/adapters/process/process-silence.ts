/**
 * How long a process has said nothing, as far as that condemns it. Not counted are pauses of the observer, and the time
 * in which the process waited for a processor: on a machine with too much to do everything is slow, and to start it anew
 * makes that worse. A process that is stopped, hangs, or waits for a disk does not wait for a processor.
 */
import { excuse, HEARD, type Silence, silentPoll } from "../../domain/supervision/silence.ts";
import { monotonicMs } from "../clock.ts";
import type { WaitsByThread } from "./process-facts.ts";

/** `unknown`: it could not be asked, which counts neither way. */
export type ProbeResult = "answered" | "silent" | "unknown";

export type ProcessSilence = {
  /** Counts what has passed since the look before. */
  poll(answer: ProbeResult): Silence;
  /** All that was counted, whatever was answered. */
  countedMs(): number;
};

type Watched = {
  /** Of the threads that may have to answer; the waits of another thread are no excuse for a main thread that hangs. */
  readonly waits: () => WaitsByThread;
  /** Of a look: more than this counts as a pause of the observer. */
  readonly intervalMs: number;
  /** Measured from a silence of this length on; 0: always. */
  readonly measuredFromMs: () => number;
};

/** The kernel counts a wait when it is over, which may be some looks later. */
const WAIT_INTERVALS_MAX = 20;

export function watchSilence({
  waits: readWaits,
  intervalMs,
  measuredFromMs,
}: Watched): ProcessSilence {
  let lookedMs = monotonicMs();
  let silence = { total: HEARD, waitedMs: 0 };
  let all = silence;
  let waits: WaitsByThread | null = null;
  return {
    poll(answer) {
      const nowMs = monotonicMs();
      const isMeasured = measuredFromMs() <= silence.total.silentMs;
      const present = isMeasured ? readWaits() : null;
      // No more of a wait than of a silence: after a pause of the observer, of both as little.
      const waitedMs = Math.min(longestWaitMs(waits, present), WAIT_INTERVALS_MAX * intervalMs);
      const after = (before: typeof silence) => ({
        total: silentPoll(before.total, nowMs - lookedMs, intervalMs),
        waitedMs: before.waitedMs + waitedMs,
      });
      all = after(all);
      if (answer === "answered") silence = { total: HEARD, waitedMs: 0 };
      if (answer === "silent") silence = after(silence);
      waits = present;
      lookedMs = nowMs;
      return excuse(silence.total, silence.waitedMs);
    },
    countedMs: () => excuse(all.total, all.waitedMs).silentMs,
  };
}

/** Of the thread that waited longest between two looks: which of them has the answer is not known. */
function longestWaitMs(before: WaitsByThread | null, after: WaitsByThread | null): number {
  if (before === null || after === null) return 0;
  const waited = [...after].map(
    ([thread, { waitedMs }]) => waitedMs - (before.get(thread)?.waitedMs ?? waitedMs),
  );
  return Math.max(0, ...waited);
}
