/** Which of two forecasts is the newer one, by when they were made, whatever the clock did in between. */
import { MS_PER_MINUTE } from "../time.ts";

/** The clocks of two hosts may differ by this much. */
const AHEAD_MS_MAX = MS_PER_MINUTE;

/**
 * Whether a forecast takes the place of the one that stands there: a forecast that took long does not replace a newer
 * one. One from the future was made before the clock was set back, and is older than any of the present. The same one
 * again takes its own place. @param standingMs when it was made; -Infinity: there is none
 */
export function supersedes(madeMs: number, standingMs: number, nowMs: number): boolean {
  const [isMadeAhead, isStandingAhead] = [isAhead(madeMs, nowMs), isAhead(standingMs, nowMs)];
  if (isMadeAhead !== isStandingAhead) return isStandingAhead;
  return standingMs <= madeMs;
}

/** Whether it was made before the clock was set back. */
export function isAhead(madeMs: number, nowMs: number): boolean {
  return nowMs + AHEAD_MS_MAX < madeMs;
}
