/** Rounding and smallest order size on the market; an asset without an instrument is not rounded. */
export type Instrument = {
  readonly quoteCurrency: string;
  /** Smallest step of a price. */
  readonly tick: number;
  /** Smallest step of a quantity. */
  readonly lot: number;
  readonly minimumNotional: number;
};
