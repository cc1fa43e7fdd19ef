/**
 * How long an observed process has been silent, counted look by look. Invariant: a pause of the observer is not
 * silence of the observed. Between two looks at most one interval counts, however late the second look was, and a few
 * looks alone condemn nobody.
 */

export type Silence = {
  readonly silentMs: number;
  /** In a row. */
  readonly looks: number;
};

export const HEARD: Silence = { silentMs: 0, looks: 0 };

const LOOKS_MIN = 3;
/** A look that is later than this many intervals follows a pause. */
const PAUSE_INTERVALS = 5;

/** Counts one more look at something silent, `sinceLookMs` after the previous one. */
export function silentLook(before: Silence, sinceLookMs: number, intervalMs: number): Silence {
  const countedMs = Math.min(Math.max(sinceLookMs, 0), intervalMs);
  return { silentMs: before.silentMs + countedMs, looks: before.looks + 1 };
}

/** However long it waited for a processor: what spins is always ready to run, too. */
const EXCUSED_SHARE_MAX = 0.8;

/** Without what the observed could not help, of which so much is excused that whatever hangs is found in the end. */
export function excuse({ silentMs, looks }: Silence, waitedMs: number): Silence {
  return { silentMs: silentMs - Math.min(waitedMs, EXCUSED_SHARE_MAX * silentMs), looks };
}

export function isTooSilent({ silentMs, looks }: Silence, silentMsMax: number): boolean {
  return LOOKS_MIN <= looks && silentMsMax <= silentMs;
}

/** Whether the observer was paused: what was true at the previous look need not have been true since. */
export function isAfterPause(sinceLookMs: number, intervalMs: number): boolean {
  return PAUSE_INTERVALS * intervalMs < sinceLookMs;
}
