import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  createPaperBroker,
  DEFAULT_PAPER_SETTINGS,
  stepPaperBroker,
} from "../../../src/domain/trading/broker/paper-broker.ts";
import type { Fill } from "../../../src/domain/trading/orders.ts";
import { stepsDown, stepsUp } from "../../../src/domain/trading/risk/rounding.ts";
import { scanNumbered, scripted } from "../../helpers/trading/scripted.ts";

test.each([
  [1.2345, 0.001, 1.234, 1.235],
  [0.3, 0.1, 0.3, 0.3],
  [0.7, 0.1, 0.7, 0.7],
  [1_234, 100, 1_200, 1_300],
  [0.0009, 0.001, 0, 0.001],
  [3, 0.75, 3, 3],
  [3.7, 0.75, 3, 3.75],
  [10, 0.15, 9.9, 10.05],
])("%d in steps of %d is %d below and %d above", (value, step, below, above) => {
  expect(stepsDown(value, step)).toBeCloseTo(below, 12);
  expect(stepsUp(value, step)).toBeCloseTo(above, 12);
});

test("whatever the step, rounding goes less than one step, never the wrong way, and stays on the grid", () => {
  fc.assert(
    fc.property(positive(1e6), positive(1e3), (value, step) => {
      const below = stepsDown(value, step);
      const above = stepsUp(value, step);
      const last = 1e-12 * value;
      expect(below).toBeLessThanOrEqual(value + last);
      expect(value).toBeLessThanOrEqual(above + last);
      expect(value - below).toBeLessThan(step + last);
      expect(above - value).toBeLessThan(step + last);
      for (const rounded of [below, above]) {
        const steps = rounded / step;
        expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6 * Math.max(1, steps));
      }
    }),
  );
});

const instrument = { quoteCurrency: "USDT", tick: 0.25, lot: 3, minimumNotional: 0 };

/** Each order's fills, filled in parts at 100.1 where they can be. */
function fillsOf(side: "buy" | "sell", quantity: number): readonly Fill[] {
  const { orders, scan, warmUp } = scripted({ instruments: { AAA: instrument } });
  warmUp();
  scan(3);
  const order = { ...orders[0]!, side, quantity };
  const convention = { kind: "same_scan" } as const;
  const broker = createPaperBroker({ ...DEFAULT_PAPER_SETTINGS, partialShare: 1, convention });
  const fills: Fill[] = [];
  for (const seq of [3, 4]) {
    const event = {
      ...scanNumbered(seq, 0),
      prices: Float64Array.of(100.1, 20, 5),
      index: seq,
      nowMs: 0,
    };
    const commands = seq === 3 ? [{ kind: "submit_order", order } as const] : [];
    for (const report of stepPaperBroker(broker, { event, commands, isFresh: true })) {
      if ("fill" in report) fills.push(report.fill);
    }
  }
  return fills;
}

test("a paper order fills in whole lots, on the tick that is worse for the trader", () => {
  const bought = fillsOf("buy", 150);
  expect(bought.map(({ price }) => price)).toEqual([100.25, 100.25]);
  expect(fillsOf("sell", 150).map(({ price }) => price)).toEqual([100, 100]);
  for (const { quantity } of bought) expect(quantity % 3).toBe(0);
  // One lot has no parts.
  expect(fillsOf("buy", 3).map(({ quantity }) => quantity)).toEqual([3]);
});

function positive(max: number) {
  return fc.double({ min: 1e-6, max, noNaN: true });
}
