/** Planted fault: its own answer starts a cool-down, so that asking twice differs from asking once. */
import { defineStrategy } from "../../../../src/domain/trading/strategy.ts";
import { PLAIN_STRATEGY } from "../plain-strategy.ts";

const REST_SCANS = 3;

export const coolingDown = defineStrategy<Record<string, never>, { rest: number }>({
  ...PLAIN_STRATEGY,
  name: "cooling-down",
  remember: () => ({ rest: 0 }),
  decide: (memory) => {
    if (0 < memory.rest) {
      memory.rest -= 1;
      return null;
    }
    memory.rest = REST_SCANS - 1;
    const plan = { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 50, bucket: "fixed" };
    return { column: 0, direction: "long", share: 0.1, strength: 1, plan };
  },
  readings: ({ rest }) => ({ rest }),
});
