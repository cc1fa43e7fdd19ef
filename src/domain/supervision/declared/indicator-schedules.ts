/** The declared schedule of an indicator; its id begins with a prefix that no other schedule uses. */

export type IndicatorSchedule = {
  readonly name: string;
  readonly enabled: boolean;
  readonly everyMs: number;
  /** Offset within each period; periods are counted from the epoch. */
  readonly offsetMs: number;
  readonly jitterMs: number;
  /** Runs missed within this time are caught up; null: none are. */
  readonly catchUpMs: number | null;
};

export const INDICATOR_ID_PREFIX = "indicator-";
