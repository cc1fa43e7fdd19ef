import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import {
  exactText,
  fromExactJson,
  toExactJson,
} from "../../../src/domain/trading/snapshot/exact.ts";
import { restoreFrom, snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import type { Trader } from "../../../src/domain/trading/state.ts";
import { createTrader, stepTrader } from "../../../src/domain/trading/trader.ts";
import { CONFIGURATION, moves, playDay } from "../../helpers/trading/random-day.ts";

const bytesOf = (trader: Trader) => exactText(snapshotOf(trader));

function fold(trader: Trader, events: readonly TraderEvent[]) {
  return events.map((event) => JSON.stringify(stepTrader(trader, event)));
}

test("the same events give the same bytes, commands and state", () => {
  fc.assert(
    fc.property(moves, (list) => {
      const { steps, trader } = playDay(list);
      const again = createTrader(CONFIGURATION);
      const commands = fold(
        again,
        steps.map(({ event }) => event),
      );
      expect(commands).toEqual(steps.map((step) => JSON.stringify(step.commands)));
      expect(bytesOf(again)).toBe(bytesOf(trader));
    }),
    { numRuns: 60 },
  );
});

test("a snapshot at any index and the tail give what the fold from the start gives", () => {
  fc.assert(
    fc.property(moves, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
      const { steps, trader } = playDay(list);
      const events = steps.map(({ event }) => event);
      const cut = Math.floor(events.length * share);
      const head = createTrader(CONFIGURATION);
      fold(head, events.slice(0, cut));
      const restored = restoreFrom(CONFIGURATION, JSON.parse(bytesOf(head)));
      expect(bytesOf(restored)).toBe(bytesOf(head));
      const commands = fold(restored, events.slice(cut));
      expect(commands).toEqual(steps.slice(cut).map((step) => JSON.stringify(step.commands)));
      expect(bytesOf(restored)).toBe(bytesOf(trader));
    }),
    { numRuns: 60 },
  );
});

test("a snapshot of another strategy is not folded on", () => {
  const snapshot = snapshotOf(createTrader(CONFIGURATION));
  const other = { ...CONFIGURATION, parameters: { share: 0.3 } };
  expect(() => restoreFrom(other, snapshot)).toThrow(/"share":0.3/);
  const changed = { ...CONFIGURATION.strategy, fileHash: "cd" };
  expect(() => restoreFrom({ ...CONFIGURATION, strategy: changed }, snapshot)).toThrow(/"cd"/);
});

test("exact JSON keeps every double, map and set", () => {
  const value = {
    odd: [Number.NaN, Infinity, -Infinity, -0, 5e-324, 0.1 + 0.2],
    doubles: Float64Array.of(Number.NaN, -0, 1 / 3),
    map: new Map([["a", { at: -Infinity }]]),
    set: new Set([3, 1]),
  };
  expect(fromExactJson(JSON.parse(exactText(toExactJson(value))))).toEqual(value);
});
