/**
 * What a venue asks of who trades with borrowed money, in the words that Binance and others use. A
 * paper book and a backtest are held to the same terms.
 */

export type MarginTerms = {
  /** The initial margin of an entry is its notional over this. */
  readonly leverage: number;
  /** The maintenance margin, as a share of the notional at the mark. */
  readonly maintenanceRate: number;
  /** What a liquidation costs, as a share of the notional; never more than what is left. */
  readonly liquidationFeeRate: number;
  /** A year, of what is borrowed: the whole of a short, and of longs what the cash does not pay. */
  readonly borrowRate: number;
};

export type Margin = {
  /** All that the book has stands for all of its positions, or each position's own margin for it alone. */
  readonly mode: "cross" | "isolated";
  readonly terms: MarginTerms;
  /** The terms of assets that have their own. */
  readonly byAsset: Readonly<Record<string, MarginTerms>>;
};

/** Room for whoever borrows by a strategy's shares: what is held is bounded by the limits. */
export const DEFAULT_MARGIN: Margin = {
  mode: "cross",
  terms: { leverage: 20, maintenanceRate: 0.005, liquidationFeeRate: 0.005, borrowRate: 0 },
  byAsset: {},
};

export function termsOf(margin: Margin, asset: string): MarginTerms {
  return margin.byAsset[asset] ?? margin.terms;
}
