import { expect, test } from "vitest";
import type { OperatorCommand } from "../../src/domain/trading/events.ts";
import { DEFAULT_MARGIN } from "../../src/domain/trading/margin/margin-terms.ts";
import {
  missingFeedsOf,
  notesOf,
  standingOf,
  traderStatusOf,
} from "../../src/services/book-status.ts";
import { CONFIGURATION, DAY_START_MS } from "../helpers/trading/random-day.ts";
import { scripted } from "../helpers/trading/scripted.ts";

type Stage = ReturnType<typeof scripted>;

function posture({ tell }: Stage, step: "APEX" | "HIBERNATE" | "UNKNOWN"): void {
  tell({ kind: "posture", posture: step, asOfMs: DAY_START_MS, source: "test" });
}

function operator({ tell }: Stage, command: OperatorCommand): void {
  tell({ kind: "operator", commandId: command.kind, by: "ops", command });
}

function loseADay({ fill, orders, scan }: Stage): void {
  scan(4);
  fill(orders[0]!.referencePrice, 900);
}

test.each<[string, (stage: Stage) => void]>([
  ["running", () => {}],
  ["halted", (stage) => operator(stage, { kind: "halt" })],
  ["latched: limit_daily_loss limit_drawdown", loseADay],
  ["no entries: posture HIBERNATE", (stage) => posture(stage, "HIBERNATE")],
  ["no entries: posture UNKNOWN", (stage) => posture(stage, "UNKNOWN")],
  ["no entries: posture APEX is old", (stage) => stage.tell({ kind: "tick" }, 30_001)],
])("a book says that it is %s", (state, happens) => {
  const stage = scripted();
  stage.warmUp();
  stage.scan(3);
  happens(stage);
  expect(standingOf(stage.trader)).toBe(state);
  expect(traderStatusOf(stage.trader).state).toBe(state);
});

test("a book that a limit holds says how it is let go on", () => {
  const stage = scripted();
  stage.warmUp();
  stage.scan(3);
  loseADay(stage);
  expect(notesOf(stage.trader)).toMatchObject([
    {
      says: "latched: limit_daily_loss limit_drawdown: no entries until dolphin resume BLUE",
      isAlert: true,
    },
  ]);
  operator(stage, { kind: "resume" });
  expect(notesOf(stage.trader)).toEqual([]);
});

test("a book with too few scans says that it warms up, and a resumed one what still holds it", () => {
  const stage = scripted();
  posture(stage, "APEX");
  expect(standingOf(stage.trader)).toBe("warming");
  posture(stage, "HIBERNATE");
  operator(stage, { kind: "resume" });
  expect(standingOf(stage.trader)).toBe("no entries: posture HIBERNATE");
});

test("a book that holds what has no price for a minute says so, with the exit that waits", () => {
  const stage = scripted();
  stage.warmUp();
  stage.scan(3);
  const { asset, referencePrice } = stage.orders[0]!;
  stage.fill(referencePrice);
  const assets = ["AAA", "BBB", "CCC"].filter((name) => name !== asset);
  const scan = (seq: number, afterMs: number) =>
    stage.scan(seq, { assets, prices: Float64Array.of(1, 1), afterMs });
  scan(4, 60_000);
  expect(notesOf(stage.trader)).toEqual([]);
  expect(traderStatusOf(stage.trader).positions).toMatchObject([
    { asset, no_price_since: "2026-03-25T00:00:00.000000+00:00" },
  ]);
  operator(stage, { kind: "flatten" });
  scan(5, 60_001);
  expect(notesOf(stage.trader)[0]?.says).toBe(
    `no price for ${asset} since 2026-03-25T00:00:00Z: the position stays at ${referencePrice}, ` +
      "and its exit (flatten) waits for a price",
  );
  stage.scan(6, { afterMs: 60_002 });
  expect(notesOf(stage.trader)).toEqual([]);
});

/** Short in AAA with all the cash; nothing but margin ends it. */
function shortOfAll(liquidationFeeRate = 0.005): Stage {
  const wide = { positionNotionalMax: 1e9, grossNotionalMax: 1e9, dailyLossMax: 9, drawdownMax: 9 };
  const limits = { ...CONFIGURATION.limits, ...wide };
  const margin = { ...DEFAULT_MARGIN, terms: { ...DEFAULT_MARGIN.terms, liquidationFeeRate } };
  const stage = scripted({ margin, slippageBps: 0, instruments: {}, limits });
  stage.warmUp();
  const plan = { takeProfit: 9, stopLoss: 9, holdScansMax: 1e6, bucket: "" };
  operator(stage, { kind: "enter", asset: "AAA", direction: "short", share: 1, plan });
  stage.fill(100);
  operator(stage, { kind: "halt" });
  return stage;
}

const atPrice = (price: number) => ({ prices: Float64Array.of(price, 20, 5) });

test("a book reports at which price it would be liquidated, and says so when half of its margin is used", () => {
  const stage = shortOfAll();
  stage.scan(3, atPrice(150));
  const status = traderStatusOf(stage.trader);
  expect(status.positions[0]?.liquidation_price).toBeCloseTo(200 / 1.005, 9);
  expect(status.margin_ratio).toBeCloseTo((0.005 * 150) / 50, 9);
  expect(notesOf(stage.trader)).toEqual([]);
  stage.scan(4, atPrice(198.5));
  const says = "margin ratio 66 %, liquidated at 100: AAA at 199.00498, now 198.5";
  expect(notesOf(stage.trader)).toEqual([{ of: "margin", says, isAlert: true }]);
});

test("a liquidation is reported for a day, and a book that has nothing left says so from then on", () => {
  const stage = shortOfAll(0);
  stage.scan(3, atPrice(199.1));
  const at = "AAA was liquidated at 2026-03-25T00:00:00Z, pnl -";
  expect(notesOf(stage.trader)).toMatchObject([{ says: expect.stringContaining(at) }]);
  const gone = shortOfAll();
  gone.scan(3, atPrice(350));
  operator(gone, { kind: "resume" });
  const DAY_MS = 86_400_000;
  for (const { tell } of [stage, gone]) tell({ kind: "tick" }, DAY_MS);
  expect(notesOf(stage.trader)).toMatchObject([]);
  const end = "AAA was liquidated at 2026-03-25T00:00:00Z, pnl -100000, and nothing is left: ";
  expect(notesOf(gone.trader)).toMatchObject([{ says: expect.stringContaining(end) }]);
  expect(traderStatusOf(gone.trader)).toMatchObject({
    state: "bankrupt",
    liquidations: 1,
    equity: 0,
  });
});

test("an input that the strategy declares and no configured feed brings is said", () => {
  // It declares mood.
  const { trader } = scripted();
  expect(missingFeedsOf(trader, ["exf_dvol"])).toMatchObject([
    {
      of: "mood",
      says: expect.stringContaining("declares the input mood, which no"),
      isAlert: true,
    },
  ]);
  expect(missingFeedsOf(trader, ["mood"])).toEqual([]);
});
