/** Input and result of the workflow that makes a forecast of a book. */

export type ForewarnInput = {
  /** Forecast horizon; default 1. */
  readonly days?: number;
  readonly paths?: number;
  /** Random seed: the same seed, trades and archive give the same forecast. */
  readonly seed?: number;
};

/** The whole forecast is in `forewarn/BOOK.json` of the data directory, and in the map. */
export type ForewarnResult = {
  readonly book: string;
  readonly as_of: string;
  readonly horizon_end: string;
  readonly verdict: string;
  readonly reason: string;
  readonly weight: number;
  /** Probability of reaching a loss limit; null without a verdict. */
  readonly breach: number | null;
  readonly outcomes: number;
  /** False if a newer one exists; then it is stored, but not pushed. */
  readonly pushed: boolean;
};
