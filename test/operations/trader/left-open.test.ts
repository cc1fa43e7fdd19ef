import { expect, test } from "vitest";
import { leftOpen, waitsInVain } from "../../../src/operations/trader/left-open.ts";
import { TraderStatus } from "../../../src/wire/trading/trader-control.ts";

const SINCE = "2026-03-25T00:00:00.000000+00:00";

function book(positions: readonly object[], orders: readonly string[] = []): TraderStatus {
  const figures = { direction: "long", quantity: 1, entry_price: 2, mark: 2, unrealized: 0 };
  return TraderStatus.parse({
    book: "BLUE",
    state: "halted",
    strategy: "velocity-divergence",
    cash: 1,
    equity: 1,
    positions: positions.map((position) => ({
      id: "p",
      asset: "ETHUSDT",
      ...figures,
      ...position,
    })),
    orders_working: orders,
    last_seq: 7,
    last_index: 9,
    warm: true,
    halted: true,
    latched: [],
    posture: "APEX",
    trades: 0,
  });
}

test.each<[string, TraderStatus, readonly string[]]>([
  ["is flat", book([]), []],
  [
    "lacks a price",
    book([{ no_price_since: SINCE }]),
    ["no price for ETHUSDT since 2026-03-25T00:00:00Z, so it cannot be closed"],
  ],
  ["had no fresh scan", book([{}]), ["no fresh scan arrived after seq 7 to close it at"]],
  ["waits for its fill", book([{}], ["o"]), ["its exit is ordered and not filled yet"]],
  ["takes an entry back", book([], ["o"]), ["order o is not done yet"]],
])("a book that %s says why", (_, status, whys) => {
  expect(leftOpen(status).map(({ why }) => why)).toEqual(whys);
});

test("waiting is idle only where every position lacks its price for longer than a minute", () => {
  const sinceMs = Date.parse(SINCE);
  const lacking = { no_price_since: SINCE };
  expect(waitsInVain(book([lacking]), sinceMs + 60_000)).toBe(false);
  expect(waitsInVain(book([lacking]), sinceMs + 60_001)).toBe(true);
  expect(waitsInVain(book([lacking, {}]), sinceMs + 90_000)).toBe(false);
});
