/** Buying the same worth of every asset at its first price and holding it: what doing nothing gives. */

export type BuyAndHold = {
  readonly firstPrices: Map<string, number>;
  /** Last price over first price, for assets that went. */
  readonly growths: Map<string, number>;
};

export function createBuyAndHold(): BuyAndHold {
  return { firstPrices: new Map(), growths: new Map() };
}

type Row = {
  readonly assets: readonly string[];
  readonly prices: Float64Array;
  readonly at: number;
};

/** Told of the first scan, of the last of each day, and of the last: never of every scan. */
export function noteHoldings(held: BuyAndHold, { assets, prices, at }: Row): void {
  for (const [column, asset] of assets.entries()) {
    const price = prices[at + column]!;
    if (!(price > 0)) continue;
    const first = held.firstPrices.get(asset) ?? price;
    held.firstPrices.set(asset, first);
    held.growths.set(asset, price / first);
  }
}

/** Mean growth of all assets seen; 1 before the first. */
export function growthOf(held: BuyAndHold): number {
  let sum = 0;
  for (const growth of held.growths.values()) sum += growth;
  return held.growths.size === 0 ? 1 : sum / held.growths.size;
}
