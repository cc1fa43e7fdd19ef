/**
 * What is wrong with this machine itself. Its clock was set: it advanced differently from the boot-time clock, which
 * nobody can set and which includes sleep. Or it has too much to do: who is to run waits long for a processor.
 */
import { US_PER_MS, MS_PER_SECOND } from "../../domain/time.ts";
import { bootMs } from "../../adapters/clock.ts";
import { processorWaits } from "../../adapters/process/process-facts.ts";

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

/** Of the main thread, which sleeps most of the time and so is let run at once wherever there is room. */
export function createProcessorWatch(): () => ProcessorObservation {
  // The first look tells of the start.
  let polls = [{ waitedMs: 0, runs: 0 }];
  let averages: readonly number[] = [];
  return () => {
    const now = processorWaits(process.pid).get(String(process.pid));
    if (now === undefined) return null;
    const [first] = (polls = [...polls, now].slice(-POLLS_AVERAGED));
    const { waitedMs, runs } = first ?? now;
    const average = (now.waitedMs - waitedMs) / Math.max(RUNS_MIN, now.runs - runs);
    averages = [...averages, average].slice(-POLLS_KEPT);
    return Math.max(...averages);
  };
}
