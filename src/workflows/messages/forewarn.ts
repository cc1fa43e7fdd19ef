/** Input and result of the workflow that makes a forecast of a book. */

export type ForewarnInput = {
  /** How far it looks; default 1. */
  readonly days?: number;
  readonly paths?: number;
  /** Of the draws: the same seed and the same trades give the same forecast. */
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
  /** Of a loss limit; null without a verdict. */
  readonly breach: number | null;
  readonly outcomes: number;
  /** An older one than what stands is kept, and not pushed. */
  readonly pushed: boolean;
};
