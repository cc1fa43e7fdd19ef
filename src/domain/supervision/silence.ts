/**
 * For how long something that is watched has been silent, counted look by look.
 * Invariant: a pause of the observer is not silence of the observed. Between two looks counts one
 * interval at most, however late the second one came, and a few looks alone condemn nobody.
 */

export type Silence = {
  readonly silentMs: number;
  /** In a row. */
  readonly looks: number;
};

export const HEARD: Silence = { silentMs: 0, looks: 0 };

const LOOKS_MIN = 3;
/** A look that comes later than this many intervals is the first after a pause. */
const PAUSE_INTERVALS = 5;

/** One more look at something silent, `sinceLookMs` after the one before. */
export function silentLook(before: Silence, sinceLookMs: number, intervalMs: number): Silence {
  const countedMs = Math.min(Math.max(sinceLookMs, 0), intervalMs);
  return { silentMs: before.silentMs + countedMs, looks: before.looks + 1 };
}

export function isTooSilent({ silentMs, looks }: Silence, silentMsMax: number): boolean {
  return LOOKS_MIN <= looks && silentMsMax <= silentMs;
}

/** What was true before such a look need not have been true all the time until it. */
export function isAfterPause(sinceLookMs: number, intervalMs: number): boolean {
  return PAUSE_INTERVALS * intervalMs < sinceLookMs;
}
