/** A session counts each trade once, however its messages are split, repeated and reordered. */
import { array, assert, integer, nat, property, record, shuffledSubarray } from "fast-check";
import { describe, expect, test } from "vitest";
import type { TradesRange } from "../../../src/wire/session/trade-session.ts";
import {
  initialSession,
  pnlOf,
  sessionText,
  takeOutbox,
  takeRange,
} from "../../../src/workflows/trading/session-state.ts";

const LAST = 300;

/** Every third event booked a trade, whose profit is a power of two apart from its neighbours. */
function rangeOf(from: number, to: number): TradesRange {
  const trades = Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
    .filter((index) => index % 3 === 0)
    .map((index) => ({
      index,
      trade: {
        positionId: `p${index}`,
        asset: "BTCUSDT",
        direction: "long",
        exitReason: "max_hold",
        exitedAtMs: 0,
        pnl: index % 2 === 0 ? 1 : -1,
        fees: 0.25,
      },
    }));
  return { from, to, trades, view: null };
}

describe("messages of trades", () => {
  test("sent with repeats and overlaps count each trade once", () => {
    const step = record({ ahead: integer({ min: 0, max: 40 }), back: nat(60), again: nat(3) });
    assert(
      property(array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const state = initialSession("BLUE", "2026-03-25", 0);
        let end = 0;
        for (const { ahead, back, again } of steps) {
          const from = Math.max(1, end + 1 - back);
          end = Math.min(LAST, end + ahead);
          for (let times = 0; times <= again; times += 1) takeRange(state, rangeOf(from, end));
        }
        const { trades, fees, cursor, gaps } = pnlOf(state);
        expect([trades, fees]).toEqual([Math.floor(end / 3), Math.floor(end / 3) / 4]);
        expect([cursor, gaps]).toEqual([end, []]);
      }),
    );
  });

  test("in any order count what is not behind, and name every hole", () => {
    const cuts = [1, 41, 90, 91, 150, 222, LAST + 1];
    const ranges = cuts.slice(1).map((end, at) => [cuts[at] ?? 0, end - 1] as const);
    assert(
      property(shuffledSubarray(ranges, { minLength: 1 }), (chosen) => {
        const state = initialSession("BLUE", "2026-03-25", 0);
        for (const [from, to] of chosen) takeRange(state, rangeOf(from, to));
        const { trades, gaps, cursor } = pnlOf(state);
        const lost = gaps.flatMap(({ from, to }) => rangeOf(from, to).trades).length;
        expect(trades + lost).toBe(Math.floor((cursor ?? 0) / 3));
      }),
    );
  });

  test.each([
    ["of a log that was restored", { as_of: "2026-03-25T12:00:01Z", last_index: 9 }, true],
    ["sent again after a crash", { as_of: "2026-03-25T12:00:01Z", last_index: 30 }, false],
    ["that came late", { as_of: "2026-03-25T11:59:59Z", last_index: 9 }, false],
    ["of an older release", { as_of: "2026-03-25T12:00:01Z" }, false],
  ])(
    "%s: what a session cannot count is told, and nothing is counted twice",
    (_, later, isBack) => {
      const view = {
        cash: 0,
        equity: 0,
        halted: false,
        latched: [],
        posture: "APEX",
        positions: [],
      };
      const state = initialSession("BLUE", "2026-03-25", 0);
      takeRange(state, {
        ...rangeOf(1, 30),
        view: { ...view, as_of: "2026-03-25T12:00:00Z", last_index: 30 },
      });
      takeRange(state, { ...rangeOf(4, 9), view: { ...view, ...later } });
      expect(pnlOf(state)).toMatchObject({ trades: 10, cursor: 30, ignored: 1 });
      expect(pnlOf(state).went_back).toEqual(isBack ? { from: 30, to: 9 } : undefined);
      expect(sessionText(state).includes("the log went back")).toBe(isBack);
    },
  );

  test.each([
    ["nothing", undefined],
    ["a number", 7],
    ["no trades", { from: 1, to: 2, view: null }],
    ["an end before the start", { ...rangeOf(9, 9), to: 7 }],
    ["a trade outside of the range", { ...rangeOf(1, 9), to: 8 }],
    ["trades out of order", { ...rangeOf(1, 9), trades: rangeOf(1, 9).trades.toReversed() }],
    ["a profit that is none", { ...rangeOf(3, 3), trades: [{ index: 3, trade: { pnl: null } }] }],
    ["more trades than fit", rangeOf(1, 303)],
    ["a view that is none", { ...rangeOf(1, 3), view: {} }],
  ])("%s: is counted as ignored and changes nothing else", (_what, raw) => {
    const state = initialSession("BLUE", "2026-03-25", 0);
    takeRange(state, raw);
    expect(state).toEqual({ ...initialSession("BLUE", "2026-03-25", 0), ignored: 1 });
  });
});

describe("a look at the outbox", () => {
  test.each([
    ["no trader runs here", "unsettled", "no trader runs here"],
    [{ pending: 0, last_index: 9, is_day_over: false }, "open", "the day is not over"],
    [
      { pending: 2, last_index: 9, is_day_over: true },
      "unsettled",
      "2 trades of the day are still to be sent",
    ],
    [{ pending: 0, last_index: 9, is_day_over: true }, "settled", ""],
  ] as const)("%j: %s", (found, word, reason) => {
    const state = initialSession("BLUE", "2026-03-25", null);
    takeOutbox(state, found);
    expect([state.word, state.reason]).toEqual([word, reason]);
  });
});
