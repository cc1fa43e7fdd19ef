/**
 * How long an observed process has been silent, counted look by look. Invariant: a pause of the observer is not
 * silence of the observed. Between two looks at most one interval counts, however late the second look was, and a few
 * looks alone condemn nobody.
 */

export type Silence = {
  readonly silentMs: number;
  /** In a row. */
  readonly polls: number;
};

export const HEARD: Silence = { silentMs: 0, polls: 0 };

const POLLS_MIN = 3;
/** A look that is later than this many intervals follows a pause. */
const PAUSE_INTERVALS = 5;

/** Counts one more look at something silent, `sinceLookMs` after the previous one. */
export function silentPoll(before: Silence, sincePollMs: number, intervalMs: number): Silence {
  const countedMs = Math.min(Math.max(sincePollMs, 0), intervalMs);
  return { silentMs: before.silentMs + countedMs, polls: before.polls + 1 };
}

/** However long it waited for a processor: what spins is always ready to run, too. */
const EXCUSED_SHARE_MAX = 0.8;

/** Without what the observed could not help, of which so much is excused that whatever hangs is found in the end. */
export function excuse({ silentMs, polls }: Silence, waitedMs: number): Silence {
  return { silentMs: silentMs - Math.min(waitedMs, EXCUSED_SHARE_MAX * silentMs), polls };
}

export function isTooSilent({ silentMs, polls }: Silence, silentMsMax: number): boolean {
  return POLLS_MIN <= polls && silentMsMax <= silentMs;
}

/** Whether the observer was paused: what was true at the previous look need not have been true since. */
export function isAfterPause(sincePollMs: number, intervalMs: number): boolean {
  return PAUSE_INTERVALS * intervalMs < sincePollMs;
}
