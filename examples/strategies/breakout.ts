/**
 * An example to copy: buys the asset that stands highest above its own recent range, and leaves when
 * it falls back below the middle of that range. One file, no state of its own but a counter.
 */
import {
  defineStrategy,
  type EntrySignal,
  type MarketView,
} from "../../src/domain/trading/strategy.ts";

type BreakoutParameters = {
  readonly rangeScans: number;
  /** How far above the range's top, as a share of the price. */
  readonly margin: number;
  readonly share: number;
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly holdScansMax: number;
};

export default defineStrategy<BreakoutParameters, { scans: number }>({
  name: "breakout",
  version: 1,
  inputs: ["scan", "posture"],
  carried: [],
  defaults: {
    rangeScans: 48,
    margin: 0.004,
    share: 0.2,
    takeProfit: 0.03,
    stopLoss: 0.015,
    holdScansMax: 96,
  },
  presets: { patient: { rangeScans: 144, holdScansMax: 288 } },
  lookBackScans: ({ rangeScans }) => rangeScans,
  positionsMax: () => 1,
  remember: () => ({ scans: 0 }),
  observe: (memory) => {
    memory.scans += 1;
  },
  isWarm: ({ scans }, { rangeScans }) => rangeScans < scans,
  decide: (_, view, parameters): EntrySignal | null => {
    const { rangeScans, margin, share, takeProfit, stopLoss, holdScansMax } = parameters;
    let asset = -1;
    let strength = margin;
    for (let candidate = 0; candidate < view.assetCount; candidate += 1) {
      const above = view.at(candidate) / rangeOf(view, candidate, rangeScans).top - 1;
      if (strength < above) {
        strength = above;
        asset = candidate;
      }
    }
    if (asset === -1) return null;
    const plan = { takeProfit, stopLoss, holdScansMax, bucket: "fixed" };
    return { column: asset, direction: "long", share, strength, plan };
  },
  shouldExit: (_, view, { position, parameters }) => {
    const { top, bottom } = rangeOf(view, position.column, parameters.rangeScans);
    return view.at(position.column) < (top + bottom) / 2;
  },
  readings: ({ scans }) => ({ scans }),
});

/** Of the scans before the present one; NaN if the asset was absent in any of them. */
function rangeOf(view: MarketView, asset: number, scans: number) {
  let top = -Infinity;
  let bottom = Infinity;
  for (let back = 1; back <= scans; back += 1) {
    const price = view.before(asset, back);
    if (Number.isNaN(price)) return { top: Number.NaN, bottom: Number.NaN };
    top = Math.max(top, price);
    bottom = Math.min(bottom, price);
  }
  return { top, bottom };
}
