/**
 * Detects that this machine's clock was set: it advanced differently from the boot-time clock, which nobody can set
 * and which includes sleep.
 */
import { US_PER_MS, MS_PER_SECOND } from "../../domain/time.ts";
import { bootMs } from "../../adapters/clock.ts";

export type ClockLook = {
  /** Since the previous look; null at the first. */
  readonly stepS: number | null;
  /** The last large step, while ages by the clock may still be wrong because of it. */
  readonly recentStepS: number | null;
};

const STEP_S = 2;
/** After this time everything that is pushed every few seconds has a new time. */
const RECENT_MS = 30_000;

export function createClockWatch(sinceBootMs = bootMs): (wallUs: number) => ClockLook {
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
