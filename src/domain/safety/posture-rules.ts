/** From when on each source asks for less risk, and how long it must be well before there is more again. */

export type PostureRules = {
  /** Shares of the equity; the steps between are shares of these. */
  readonly drawdownMax: number;
  readonly dailyLossMax: number;
  /** Below the limits: STALKER and TURTLE from these shares of them on. */
  readonly stalkerShare: number;
  readonly turtleShare: number;
  /** A single reading that differs so much from those before is not believed, and not ignored either. */
  readonly wildShare: number;
  readonly readingsInARow: number;
  /** A report of health says DEGRADED for so many reports before it counts. */
  readonly degradedInARow: number;
  readonly bookAgeMsMax: number;
  readonly healthAgeMsMax: number;
  readonly forewarnAgeMsMax: number;
  /** What is further ahead of the clock is of another one. */
  readonly aheadMsMax: number;
  /** Of nothing known from a source: this long makes STALKER of it, and that long TURTLE. */
  readonly unknownStalkerMs: number;
  readonly unknownTurtleMs: number;
  /** What was not heard yet is not missed for so long. */
  readonly startGraceMs: number;
  /** Entries go on after so long without a bad reading. */
  readonly entriesAfterMs: number;
  /** One step up after so long without a bad reading. */
  readonly stableMs: number;
  /** Longer between two steps: the watchdog was paused, and knows nothing of the time between. */
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
