/** Planted fault: carries knowledge from one run to the next outside of its memory. */
import { defineStrategy } from "../../../../src/domain/trading/strategy.ts";

const highest = { price: 0 };

export default defineStrategy<{ readonly share: number }, { scans: number }>({
  name: "kept-outside",
  version: 1,
  inputs: ["scan"],
  carried: [],
  defaults: { share: 0.2 },
  presets: {},
  lookBackScans: () => 1,
  positionsMax: () => 1,
  remember: () => ({ scans: 0 }),
  observe: (memory, view) => {
    memory.scans += 1;
    highest.price = Math.max(highest.price, view.at(0));
  },
  isWarm: ({ scans }) => scans > 60,
  decide: (_, view, { share }) => {
    if (view.at(0) < highest.price) return null;
    const plan = { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 50, bucket: "fixed" };
    return { column: 0, direction: "short", share, strength: -1, plan };
  },
  readings: () => ({}),
});
