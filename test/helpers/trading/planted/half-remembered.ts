/** Planted fault: counts in a private field beside its memory, which no snapshot contains. */
import { defineStrategy } from "../../../../src/domain/trading/strategy.ts";

class Counter {
  #seen = 0;
  next(): number {
    this.#seen += 1;
    return this.#seen;
  }
}

const counters = new WeakMap<object, Counter>();

export default defineStrategy({
  name: "half-remembered",
  version: 1,
  inputs: ["scan"],
  carried: [],
  defaults: { share: 0.1 },
  presets: {},
  lookBackScans: () => 1,
  positionsMax: () => 1,
  remember: () => {
    const memory = { count: 0 };
    counters.set(memory, new Counter());
    return memory;
  },
  observe: (memory) => {
    memory.count = counters.get(memory)?.next() ?? 0;
  },
  isWarm: ({ count }) => count > 60,
  decide: ({ count }, _, { share }) => {
    if (count % 97 !== 0) return null;
    const plan = { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 50, bucket: "fixed" };
    return { column: 0, direction: "short", share, strength: -1, plan };
  },
  readings: () => ({}),
});
