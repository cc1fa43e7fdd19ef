/**
 * Buying the same worth of every asset and holding it: what doing nothing gives. When an asset is
 * listed, all is split anew among the known ones at that day's prices.
 *
 * Invariant: an asset that is listed and does not move moves nothing.
 */

export type BuyAndHold = {
  /** What one became until all was last split. */
  base: number;
  /** At the last split. */
  readonly firstPrices: Map<string, number>;
  /** Last price over that one; of an asset that went as it was left. */
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

/** Told of the first scan, of the last of each day, and of the last: never of every scan. */
export function noteHoldings(held: BuyAndHold, { assets, prices, at }: Row): void {
  let isListed = false;
  for (const [column, asset] of assets.entries()) {
    const price = prices[at + column]!;
    if (!(price > 0)) continue;
    const first = held.firstPrices.get(asset);
    if (first === undefined) isListed = true;
    else held.growths.set(asset, price / first);
  }
  if (isListed) splitAnew(held, { assets, prices, at });
}

function splitAnew(held: BuyAndHold, { assets, prices, at }: Row): void {
  held.base = growthOf(held);
  for (const [asset, growth] of held.growths) {
    held.firstPrices.set(asset, held.firstPrices.get(asset)! * growth);
    held.growths.set(asset, 1);
  }
  for (const [column, asset] of assets.entries()) {
    const price = prices[at + column]!;
    if (!(price > 0)) continue;
    held.firstPrices.set(asset, price);
    held.growths.set(asset, 1);
  }
}

/** What one unit of capital has become; 1 before the first asset. */
export function growthOf(held: BuyAndHold): number {
  let sum = 0;
  for (const growth of held.growths.values()) sum += growth;
  return held.growths.size === 0 ? held.base : (held.base * sum) / held.growths.size;
}
