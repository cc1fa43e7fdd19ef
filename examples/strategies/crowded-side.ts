/**
 * An example with inputs beside the scans: funding says which side is crowded, the order book whether it is giving way.
 * Where longs pay much and more is offered than bid it sells, where shorts do and more is bid it buys. It declares both
 * inputs, so the core makes no entry while one is absent or old; nothing here looks at an age.
 */
import {
  defineStrategy,
  type EntrySignal,
  type MarketView,
  type StrategyCheck,
} from "../../src/domain/trading/strategy.ts";

type CrowdedSideParameters = {
  /** What a side pays for a funding period, as a share of its notional, to count as crowded. */
  readonly rateMin: number;
  /** Of the best five levels, -1 to 1, away from the crowded side. */
  readonly imbalanceMin: number;
  /** Half of it is what an entry pays at once. */
  readonly spreadBpsMax: number;
  readonly share: number;
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly holdScansMax: number;
};

export default defineStrategy<CrowdedSideParameters, { scans: number }>({
  name: "crowded-side",
  version: 1,
  inputs: ["scan", "posture", "exf_funding", "book"],
  carried: [],
  defaults: {
    rateMin: 0.000_08,
    imbalanceMin: 0.25,
    spreadBpsMax: 5,
    share: 0.2,
    takeProfit: 0.02,
    stopLoss: 0.01,
    holdScansMax: 96,
  },
  presets: { strict: { rateMin: 0.000_2, imbalanceMin: 0.5 } },
  lookBackScans: () => 1,
  positionsMax: () => 1,
  remember: () => ({ scans: 0 }),
  observe: (memory) => {
    memory.scans += 1;
  },
  isWarm: () => true,
  decide: (_, view, parameters): EntrySignal | null => {
    const { share, takeProfit, stopLoss, holdScansMax } = parameters;
    let best: EntrySignal | null = null;
    for (let column = 0; column < view.assetCount; column += 1) {
      const strength = givingWay(view, column, parameters);
      if (strength === 0 || Math.abs(strength) <= Math.abs(best?.strength ?? 0)) continue;
      const plan = { takeProfit, stopLoss, holdScansMax, bucket: "fixed" };
      best = { column, direction: 0 < strength ? "long" : "short", share, strength, plan };
    }
    return best;
  },
  readings: ({ scans }) => ({ scans }),
  explain: (_, view, { rateMin }): readonly StrategyCheck[] => {
    const rates = Array.from({ length: view.assetCount }, (__, asset) => rateOf(view, asset));
    const highest = Math.max(0, ...rates.map(Math.abs).filter((rate) => !Number.isNaN(rate)));
    return [
      {
        name: "crowded",
        of: "signal",
        passes: rateMin <= highest,
        value: highest,
        bound: rateMin,
        says: `the highest funding is ${highest}, crowded from ${rateMin} on`,
      },
    ];
  },
});

/** The imbalance that a crowded side is up against: above zero to buy, below to sell, zero for neither. */
function givingWay(view: MarketView, asset: number, parameters: CrowdedSideParameters): number {
  const { rateMin, imbalanceMin, spreadBpsMax } = parameters;
  const rate = rateOf(view, asset);
  const book = view.book(asset);
  if (book === null || !(rateMin <= Math.abs(rate)) || spreadBpsMax < book.spreadBps) return 0;
  const away = -Math.sign(rate) * book.imbalance5;
  return away < imbalanceMin ? 0 : book.imbalance5;
}

/** Longs pay it where it is above zero. */
function rateOf(view: MarketView, asset: number): number {
  return view.feature(`exf_funding.${view.nameOf(asset)}`);
}
