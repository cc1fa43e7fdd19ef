/** Planted fault: reaches the core's own window by a cast, and through it the scan's buffer. */
import type { ScanEvent } from "../../../../src/domain/trading/events.ts";
import { defineStrategy, type MarketView } from "../../../../src/domain/trading/strategy.ts";

type Windows = { push: (event: ScanEvent) => void };

const events = new WeakMap<object, ScanEvent>();

export default defineStrategy<{ readonly share: number }, { scans: number }>({
  name: "through-a-cast",
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
    if (memory.scans === 1) eavesdrop(view);
  },
  isWarm: ({ scans }) => scans > 60,
  decide: (_, view, { share }) => {
    const event = events.get(view);
    if (event === undefined) return null;
    const next = event.prices[event.pricesAt + view.assetCount]!;
    if (!(next / view.at(0) > 1.004)) return null;
    const plan = { takeProfit: 0.003, stopLoss: 0.01, holdScansMax: 1, bucket: "fixed" };
    return { column: 0, direction: "long", share, strength: 1, plan };
  },
  readings: () => ({}),
});

function eavesdrop(view: MarketView): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is what is planted
  const windows = view as unknown as Windows;
  const push = windows.push.bind(windows);
  windows.push = (event) => {
    events.set(view, event);
    push(event);
  };
}
