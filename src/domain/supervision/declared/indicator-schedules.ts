/** The schedule of an indicator as it is declared; ids begin with a prefix that nothing else has. */

export type IndicatorSchedule = {
  readonly name: string;
  readonly enabled: boolean;
  readonly everyMs: number;
  /** Within each period, which begins at the epoch. */
  readonly offsetMs: number;
  readonly jitterMs: number;
  /** What was missed no longer ago than this is made up for; null: nothing is. */
  readonly catchUpMs: number | null;
};

export const INDICATOR_ID_PREFIX = "indicator-";
