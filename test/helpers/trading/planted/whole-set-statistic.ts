/** Planted fault: calls a price low when it is below the mean of the whole set, future prices included. */
import type { ScanEvent } from "../../../../src/domain/trading/events.ts";
import { defineStrategy } from "../../../../src/domain/trading/strategy.ts";

type Windows = { push: (event: ScanEvent) => void };

const means = new WeakMap<object, number>();

export default defineStrategy<{ readonly share: number }, { scans: number }>({
  name: "whole-set-statistic",
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
    if (memory.scans > 1) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is what is planted
    const windows = view as unknown as Windows;
    const push = windows.push.bind(windows);
    windows.push = (event) => {
      if (!means.has(view)) means.set(view, meanOf(event));
      push(event);
    };
  },
  isWarm: ({ scans }) => scans > 60,
  decide: (_, view, { share }) => {
    if (!(view.at(0) < 0.98 * (means.get(view) ?? 0))) return null;
    const plan = { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 50, bucket: "fixed" };
    return { column: 0, direction: "long", share, strength: 1, plan };
  },
  readings: () => ({}),
});

/** Of the first asset, over every scan that the buffer holds. */
function meanOf({ prices, assets }: ScanEvent): number {
  let sum = 0;
  for (let at = 0; at < prices.length; at += assets.length) sum += prices[at]!;
  return (sum * assets.length) / prices.length;
}
