/**
 * The margin terms of a venue for borrowed money, under the names that Binance and others use. A paper book and a
 * backtest have the same terms.
 */

export type MarginTerms = {
  /** The initial margin of an entry is its notional divided by this. */
  readonly leverage: number;
  /** The maintenance margin, as a share of the notional at the mark. */
  readonly maintenanceRate: number;
  /** Cost of a liquidation, as a share of the notional; never more than what is left. */
  readonly liquidationFeeRate: number;
  /** Interest per year on what is borrowed: the whole notional of a short, and what cash does not cover of longs. */
  readonly borrowRate: number;
};

export type Margin = {
  /** The whole equity backs all positions, or each position has its own margin. */
  readonly mode: "cross" | "isolated";
  readonly terms: MarginTerms;
  /** Terms of assets that have their own. */
  readonly byAsset: Readonly<Record<string, MarginTerms>>;
};

/** Leaves room for strategies that borrow: what is held is bounded by the limits. */
export const DEFAULT_MARGIN: Margin = {
  mode: "cross",
  terms: { leverage: 20, maintenanceRate: 0.005, liquidationFeeRate: 0.005, borrowRate: 0 },
  byAsset: {},
};

export function termsOf(margin: Margin, asset: string): MarginTerms {
  return margin.byAsset[asset] ?? margin.terms;
}
