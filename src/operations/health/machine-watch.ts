/**
 * What is wrong with this machine itself. Its clock was set: it advanced differently from the boot-time clock, which
 * nobody can set and which includes sleep. Or it has too much to do: who is to run waits long for a processor.
 */
import { US_PER_MS, MS_PER_SECOND } from "../../domain/time.ts";
import { bootMs } from "../../adapters/clock.ts";
import { createThrottledClock } from "../../adapters/process/limits/throttled.ts";
import { mainThreadWaits } from "../../adapters/process/process-facts.ts";

export type ClockObservation = {
  /** Since the previous look; null at the first. */
  readonly stepS: number | null;
  /** The last large step, while ages by the clock may still be wrong because of it. */
  readonly recentStepS: number | null;
};

const STEP_S = 2;
/** After this time everything that is pushed every few seconds has a new time. */
const RECENT_MS = 30_000;

export function createClockWatch(sinceBootMs = bootMs): (wallUs: number) => ClockObservation {
  let before: { readonly wallMs: number; readonly atMs: number } | null = null;
  let step: { readonly byS: number; readonly atMs: number } | null = null;
  return (wallUs) => {
    const now = { wallMs: wallUs / US_PER_MS, atMs: sinceBootMs() };
    const stepS =
      before === null
        ? null
        : (now.wallMs - before.wallMs - (now.atMs - before.atMs)) / MS_PER_SECOND;
    before = now;
    if (stepS !== null && STEP_S < Math.abs(stepS)) step = { byS: stepS, atMs: now.atMs };
    const isRecent = step !== null && now.atMs - step.atMs <= RECENT_MS;
    return { stepS, recentStepS: isRecent ? (step?.byS ?? null) : null };
  };
}

/**
 * Milliseconds that this process waited for a processor on average each time it was to run: the worst half minute of the
 * last minute and a half. Null: the kernel does not count it.
 */
export type ProcessorObservation = number | null;

/** So many looks, five seconds apart, are half a minute. */
const POLLS_AVERAGED = 6;
/** A minute more: what was slow catches up before it is judged. */
const POLLS_KEPT = 12;
/** Whoever waits for seconds does not run often. */
const RUNS_MIN = 50;

/** Of the main thread, since its start; null: the kernel does not count it. */
export type OwnWaits = {
  readonly waitedMs: number;
  readonly runs: number;
  /** Held back by a CPU quota, which the kernel counts as waiting, too. */
  readonly throttledMs: number;
} | null;

/** Of the main thread, which sleeps most of the time and so is let run at once wherever there is room. */
export function createProcessorWatch(
  read: () => OwnWaits = ownWaits(),
): () => ProcessorObservation {
  // The first look tells of the start.
  let polls = [{ waitedMs: 0, runs: 0, throttledMs: read()?.throttledMs ?? 0 }];
  let averages: readonly number[] = [];
  return () => {
    const now = read();
    if (now === null) return null;
    const [first] = (polls = [...polls, now].slice(-POLLS_AVERAGED));
    const { waitedMs, runs, throttledMs } = first ?? now;
    // A quota that holds us back says nothing about the machine.
    const starvedMs = Math.max(0, now.waitedMs - waitedMs - (now.throttledMs - throttledMs));
    const average = starvedMs / Math.max(RUNS_MIN, now.runs - runs);
    averages = [...averages, average].slice(-POLLS_KEPT);
    return Math.max(...averages);
  };
}

function ownWaits(): () => OwnWaits {
  const throttledMs = createThrottledClock();
  return () => {
    const waits = mainThreadWaits(process.pid).get(String(process.pid));
    return waits === undefined ? null : { ...waits, throttledMs: throttledMs() };
  };
}
