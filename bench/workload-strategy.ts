/**
 * The benchmark's strategy, the same for every engine: short the laggard when the given signal falls below its
 * threshold. Signal and volatility flag are part of the scan; they were computed from the whole data set, so they suit
 * a benchmark, but not trading.
 */
import type { EntrySignal, MarketView } from "../src/domain/trading/strategy.ts";
import { defineStrategy } from "../src/domain/trading/strategy.ts";

const VEL_DIV = 0;
const VOL_OK = 1;

type WorkloadParameters = {
  readonly threshold: number;
  readonly lookBackScans: number;
  readonly share: number;
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly holdScansMax: number;
};

export const workload = defineStrategy<WorkloadParameters, { seen: number }>({
  name: "workload",
  version: 1,
  inputs: ["scan", "posture"],
  carried: ["vel_div", "vol_ok"],
  defaults: {
    threshold: -0.02,
    lookBackScans: 20,
    share: 0.2,
    takeProfit: 0.0095,
    stopLoss: 0.01,
    holdScansMax: 120,
  },
  presets: {},
  lookBackScans: ({ lookBackScans }) => lookBackScans,
  positionsMax: () => 1,
  remember: () => ({ seen: 0 }),
  observe: (memory) => {
    memory.seen += 1;
  },
  isWarm: ({ seen }, { lookBackScans }) => lookBackScans < seen,
  decide: (_, view, parameters): EntrySignal | null => {
    const signal = view.carried(VEL_DIV);
    if (!(signal < parameters.threshold) || view.carried(VOL_OK) !== 1) return null;
    const { share, takeProfit, stopLoss, holdScansMax } = parameters;
    return {
      column: laggardOf(view, parameters.lookBackScans),
      direction: "short",
      share,
      strength: signal,
      plan: { takeProfit, stopLoss, holdScansMax, bucket: "fixed" },
    };
  },
  readings: () => ({}),
});

/** The lowest column on ties. */
function laggardOf(view: MarketView, scans: number): number {
  let laggard = 0;
  let least = Infinity;
  for (let asset = 0; asset < view.assetCount; asset += 1) {
    const growth = view.at(asset) / view.before(asset, scans);
    if (growth < least) {
      least = growth;
      laggard = asset;
    }
  }
  return laggard;
}
