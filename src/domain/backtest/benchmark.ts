/**
 * The benchmark: buy the same worth of every asset and hold it. When an asset is listed, the whole amount is divided
 * equally among all assets known by then, at that day's prices. Invariant: a newly listed asset whose price does not
 * move does not change the value.
 */

export type BuyAndHold = {
  /** Growth of one unit of capital up to the last rebalancing. */
  base: number;
  /** Prices at the last rebalancing. */
  readonly firstPrices: Map<string, number>;
  /** Last price divided by the price at the rebalancing; a delisted asset keeps its last value. */
  readonly growths: Map<string, number>;
};

export function createBuyAndHold(): BuyAndHold {
  return { base: 1, firstPrices: new Map(), growths: new Map() };
}

type Row = {
  readonly assets: readonly string[];
  readonly prices: Float64Array;
  readonly at: number;
};

/** Called for the first scan, for the last scan of each day, and for the last scan of all: not for every scan. */
export function noteHoldings(holdings: BuyAndHold, { assets, prices, at }: Row): void {
  let isListed = false;
  for (const [column, asset] of assets.entries()) {
    const price = prices[at + column]!;
    if (!(price > 0)) continue;
    const first = holdings.firstPrices.get(asset);
    if (first === undefined) isListed = true;
    else holdings.growths.set(asset, price / first);
  }
  if (isListed) splitAnew(holdings, { assets, prices, at });
}

function splitAnew(holdings: BuyAndHold, { assets, prices, at }: Row): void {
  holdings.base = growthOf(holdings);
  for (const [asset, growth] of holdings.growths) {
    holdings.firstPrices.set(asset, holdings.firstPrices.get(asset)! * growth);
    holdings.growths.set(asset, 1);
  }
  for (const [column, asset] of assets.entries()) {
    const price = prices[at + column]!;
    if (!(price > 0)) continue;
    holdings.firstPrices.set(asset, price);
    holdings.growths.set(asset, 1);
  }
}

/** Growth of one unit of capital; 1 before the first asset. */
export function growthOf(holdings: BuyAndHold): number {
  let sum = 0;
  for (const growth of holdings.growths.values()) sum += growth;
  return holdings.growths.size === 0
    ? holdings.base
    : (holdings.base * sum) / holdings.growths.size;
}
