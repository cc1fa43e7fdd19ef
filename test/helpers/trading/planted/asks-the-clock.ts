/** Planted fault: decides by the clock of the machine. */
import { defineStrategy } from "../../../../src/domain/trading/strategy.ts";

export default defineStrategy({
  name: "asks-the-clock",
  version: 1,
  inputs: ["scan"],
  carried: [],
  defaults: { share: 0.1 },
  presets: {},
  lookBackScans: () => 1,
  positionsMax: () => 1,
  remember: () => ({ scans: 0 }),
  observe: (memory) => {
    memory.scans += 1;
  },
  isWarm: ({ scans }) => scans > 10,
  decide: (_, view, { share }) =>
    Date.now() % 2 === 0
      ? null
      : {
          column: view.assetCount - 1,
          direction: "long",
          share,
          strength: 1,
          plan: { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 5, bucket: "fixed" },
        },
  readings: () => ({}),
});
