/** The thresholds at which each source asks for less risk, and how long it must be well before risk rises again. */

export type PostureRules = {
  /** Shares of the equity; the thresholds of the lower steps are fractions of these. */
  readonly drawdownMax: number;
  readonly dailyLossMax: number;
  /** Fractions of the limits at which STALKER and TURTLE begin. */
  readonly stalkerShare: number;
  readonly turtleShare: number;
  /** A single reading that differs by more than this share is neither accepted nor ignored. */
  readonly wildShare: number;
  readonly readingsInARow: number;
  /** Number of consecutive DEGRADED health reports before they count. */
  readonly degradedInARow: number;
  readonly bookAgeMsMax: number;
  readonly healthAgeMsMax: number;
  readonly forewarnAgeMsMax: number;
  /** A time further ahead comes from a wrong clock. */
  readonly aheadMsMax: number;
  /** A source that is unknown for the first of these times leads to STALKER, for the second to TURTLE. */
  readonly unknownStalkerMs: number;
  readonly unknownTurtleMs: number;
  /** Grace period for a source that was not heard yet. */
  readonly startGraceMs: number;
  /** Entries resume after this long without a bad reading. */
  readonly entriesAfterMs: number;
  /** The posture rises one step after this long without a bad reading. */
  readonly stableMs: number;
  /** With a longer time between two evaluations the watchdog was paused, and knows nothing of that time. */
  readonly pauseMs: number;
};

export const POSTURE_RULES: PostureRules = {
  drawdownMax: 0.2,
  dailyLossMax: 0.05,
  stalkerShare: 0.5,
  turtleShare: 0.75,
  wildShare: 0.5,
  readingsInARow: 3,
  degradedInARow: 12,
  bookAgeMsMax: 5_000,
  healthAgeMsMax: 15_000,
  forewarnAgeMsMax: 2 * 86_400_000,
  aheadMsMax: 5_000,
  unknownStalkerMs: 10_000,
  unknownTurtleMs: 60_000,
  startGraceMs: 30_000,
  entriesAfterMs: 3_000,
  stableMs: 300_000,
  pauseMs: 5_000,
};
