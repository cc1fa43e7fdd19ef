/** Planted fault: its memory contains undefined from its seventieth scan on. */
import { defineStrategy } from "../../../../src/domain/trading/strategy.ts";

const NONE: readonly number[] = [];

export default defineStrategy({
  name: "undefined-later",
  version: 1,
  inputs: ["scan"],
  carried: [],
  defaults: { share: 0.1 },
  presets: {},
  lookBackScans: () => 1,
  positionsMax: () => 1,
  remember: () => ({ scans: 0, seen: { last: 0 } }),
  observe: (memory) => {
    memory.scans += 1;
    if (memory.scans === 70) memory.seen.last = NONE[0]!;
  },
  isWarm: ({ scans }) => scans > 60,
  decide: ({ scans }, _, { share }) => {
    if (scans % 5 !== 0) return null;
    const plan = { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 3, bucket: "fixed" };
    return { column: 0, direction: "short", share, strength: -1, plan };
  },
  readings: () => ({}),
});
