import { expect, test } from "vitest";
import {
  feedBacktest,
  finishBacktest,
  startBacktest,
} from "../../../src/domain/backtest/backtest.ts";
import {
  DEFAULT_RUN_SETTINGS,
  describeRun,
  type RunSettings,
} from "../../../src/domain/backtest/run-settings.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../../src/domain/time.ts";
import type { TraderNote } from "../../../src/domain/trading/commands.ts";
import {
  DEFAULT_MARGIN,
  type Margin,
  type MarginTerms,
} from "../../../src/domain/trading/margin/margin-terms.ts";
import {
  liquidationPriceOf,
  marginRatioOf,
} from "../../../src/domain/trading/margin/margin-figures.ts";
import type { Direction, Trade } from "../../../src/domain/trading/orders.ts";
import { restoreFrom, snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { stepTrader } from "../../../src/domain/trading/trader.ts";
import { holderOf, pricesAt } from "../../helpers/trading/held-asset.ts";
import { CONFIGURATION, DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered, scripted } from "../../helpers/trading/scripted.ts";

const START_MS = Date.parse("2026-03-01");

type Position = {
  readonly direction?: Direction;
  readonly share?: number;
  readonly settings?: Partial<RunSettings>;
};

/** One price a day, of an asset that is entered at the second one. */
function runOver(
  prices: readonly number[],
  { direction = "short", share = 1, settings }: Position,
) {
  const closed: Trade[] = [];
  const ground = { strategy: holderOf(direction, share), dataHash: "", codeVersion: "" };
  const free = { ...DEFAULT_RUN_SETTINGS, feeBps: 0, slippageBps: 0 };
  const listener = { onTrade: (trade: Trade) => closed.push(trade), onDay: () => {} };
  const run = startBacktest(describeRun({ ...free, ...settings }, ground), listener);
  feedBacktest(run, pricesAt(prices.map((price, day) => [START_MS + day * MS_PER_DAY, price])));
  return { desk: run.desk, closed, ...finishBacktest(run) };
}

const FLAT = Array.from({ length: 40 }, () => 100);
const usual = (terms: Partial<MarginTerms>, mode: Margin["mode"] = "cross"): Margin => ({
  mode,
  terms: { ...DEFAULT_MARGIN.terms, liquidationFeeRate: 0, ...terms },
  byAsset: {},
});

test("a short of all the cash at 3.5 times its price ends at nothing, and its figures end there", () => {
  const { closed, returns, risk, limits } = runOver([...FLAT, 350, 360, 100, 50], {});
  expect(closed).toMatchObject([{ exitReason: "liquidated", pnl: -100_000, exitPrice: 200 }]);
  expect(returns).toMatchObject({ end: 0, endEquity: 0, total: -1, lowest: 0 });
  expect(risk).toMatchObject({ drawdownMax: 1, cagr: -1, samples: 41 });
  expect(limits).toMatchObject({
    liquidations: 1,
    liquidatedDay: "2026-04-10",
    bankruptDay: "2026-04-10",
  });
  const figures = Object.values(risk).filter((figure) => typeof figure === "number");
  expect(figures.filter((figure) => !Number.isFinite(figure))).toEqual([]);
});

test("without margin the run is over where nothing is left", () => {
  const { closed, returns, risk, limits } = runOver([...FLAT, 350, 100, 50], {
    settings: { margin: null },
  });
  expect(closed).toEqual([]);
  expect(returns).toMatchObject({ endEquity: 0, total: -1, lowest: 0 });
  expect(risk).toMatchObject({ drawdownMax: 1, cagr: -1, samples: 41 });
  expect(limits).toMatchObject({ bankruptDay: "2026-04-10" });
});

test.each<[string, Position, Margin, number]>([
  // cash + entry x quantity = price x quantity x (1 + rate): 200,000 / 1,000 / 1.005
  ["a short of all the cash", {}, usual({}), 200 / 1.005],
  ["a short of half of it", { share: 0.5 }, usual({}), 300 / 1.005],
  ["a long of three times the cash", { direction: "long", share: 3 }, usual({}), 200 / 3 / 0.995],
  ["an isolated short, ten times", {}, usual({ leverage: 10 }, "isolated"), 110 / 1.005],
  [
    "an isolated long, ten times",
    { direction: "long" },
    usual({ leverage: 10 }, "isolated"),
    90 / 0.995,
  ],
])("%s is liquidated at the price that its state tells", (_, position, margin, price) => {
  const beyond = position.direction === "long" ? 1 - 1e-6 : 1 + 1e-6;
  const settings = { margin };
  const before = runOver([100, 100, 100, price / beyond], { ...position, settings });
  const { trader } = before.desk;
  expect(before.closed).toEqual([]);
  expect(liquidationPriceOf(trader, trader.data.positions[0]!)).toBeCloseTo(price, 8);
  expect(marginRatioOf(trader)).toBeCloseTo(1, 3);
  const { closed } = runOver([100, 100, 100, price * beyond], { ...position, settings });
  expect(closed).toMatchObject([{ exitReason: "liquidated" }]);
});

test("a long of what the cash pays is never liquidated", () => {
  const { closed, desk } = runOver([100, 100, 100, 0.01], { direction: "long" });
  expect(closed).toEqual([]);
  const { trader } = desk;
  expect(liquidationPriceOf(trader, trader.data.positions[0]!)).toBeNull();
});

test.each([
  ["at a mark that leaves something, the fee is taken", 199.5, 0.001, -99_699.5],
  ["and never more of it than there is", 199.5, 0.1, -100_000],
])("%s", (_, price, liquidationFeeRate, pnl) => {
  const settings = { margin: usual({ liquidationFeeRate }) };
  const { closed } = runOver([100, 100, 100, price], { settings });
  expect(closed[0]?.pnl).toBeCloseTo(pnl, 6);
});

test("an isolated position loses its own margin and no more, whatever the gap", () => {
  const settings = { margin: usual({ leverage: 4 }, "isolated") };
  const { closed, returns } = runOver([100, 100, 100, 900], { settings });
  expect(closed).toMatchObject([{ exitReason: "liquidated", pnl: -25_000, exitPrice: 125 }]);
  expect(returns.endEquity).toBe(75_000);
});

test("an entry that needs more margin than there is is refused by name", () => {
  const settings = { margin: usual({ leverage: 2 }) };
  const { trades } = runOver(FLAT, { share: 2.1, settings });
  expect(trades.rejectedSignals).toEqual({ insufficient_margin: 39 + 1 });
  expect(runOver(FLAT, { share: 2, settings }).trades.rejectedSignals).toEqual({});
});

test("the margin of one asset may be another", () => {
  const terms = { ...DEFAULT_MARGIN.terms, leverage: 1 };
  const margin = { ...DEFAULT_MARGIN, byAsset: { AAA: terms } };
  const { trades } = runOver(FLAT, { share: 2, settings: { margin } });
  expect(trades.rejectedSignals).toHaveProperty("insufficient_margin");
});

/** A trader that holds the requested amounts of AAA (at 100) and BBB (at 20), fed scan by scan. */
function stage(margin: Margin, shares: Readonly<Record<string, number>>) {
  const limits = { ...CONFIGURATION.limits, positionNotionalMax: 1e9, grossNotionalMax: 1e9 };
  const losses = { dailyLossMax: 1e9, drawdownMax: 1e9 };
  const played = scripted({
    margin,
    configuredPosture: "APEX",
    instruments: {},
    slippageBps: 0,
    limits: { ...limits, ...losses },
  });
  played.warmUp();
  const plan = { takeProfit: 1e9, stopLoss: 1e9, holdScansMax: 1e6, bucket: "" };
  for (const [asset, share] of Object.entries(shares)) {
    const direction = share < 0 ? "short" : "long";
    const command = { kind: "enter", asset, direction, share: Math.abs(share), plan } as const;
    played.tell({ kind: "operator", commandId: asset, by: "ops", command });
    played.fill(asset === "AAA" ? 100 : 20);
  }
  played.tell({ kind: "operator", commandId: "h", by: "ops", command: { kind: "halt" } });
  let seq = 3;
  const notes: TraderNote[] = [];
  const trades: Trade[] = [];
  const at = (afterMs: number, prices: readonly number[]) => {
    const event = scanNumbered(seq, DAY_START_MS + afterMs);
    seq += 1;
    for (const one of played.tell({ ...event, prices: Float64Array.from(prices) }, afterMs)) {
      if (one.kind === "note") notes.push(one.note);
      if (one.kind === "book_trade") trades.push(one.trade);
    }
  };
  const fund = (rate: number, afterMs: number, asOfMs = afterMs) =>
    played.tell(
      { kind: "feature", name: "funding_AAA", value: rate, asOfMs: DAY_START_MS + asOfMs },
      afterMs,
    );
  return { ...played, at, fund, notes, trades };
}

test("across positions one's gain covers the other's loss, and what a gap takes is shared", () => {
  const both = stage(usual({}), { AAA: -1, BBB: 1 });
  // AAA loses 150,000 and BBB gains 100,000.
  both.at(1_000, [250, 40, 5]);
  expect(both.trades).toEqual([]);
  both.at(2_000, [350, 41, 5]);
  expect(both.trades.map(({ exitReason }) => exitReason)).toEqual(["liquidated", "liquidated"]);
  expect(both.trades.map(({ pnl }) => Math.round(pnl))).toEqual([-205_000, 105_000]);
  const { account, positions } = both.trader.data;
  expect(account).toMatchObject({ cash: 0, equity: 0 });
  expect(positions).toEqual([]);
  expect(both.notes).toContainEqual(
    expect.objectContaining({ code: "bankrupt", severity: "alert" }),
  );
  both.tell({ kind: "operator", commandId: "r", by: "ops", command: { kind: "resume" } }, 3_000);
  const plan = { takeProfit: 1, stopLoss: 1, holdScansMax: 9, bucket: "" };
  const enter = { kind: "enter", asset: "CCC", direction: "long", share: 1, plan } as const;
  const commands = both.tell(
    { kind: "operator", commandId: "e", by: "ops", command: enter },
    3_000,
  );
  expect(commands).toMatchObject([{ note: { detail: expect.stringContaining("bankrupt") } }]);
});

test("where a loss was taken before, and a gap takes the gain that covered it, nothing is owed", () => {
  const { at, tell, trader } = stage(usual({}), { AAA: -1, BBB: 1 });
  at(1_000, [250, 60, 5]);
  const command = { kind: "close", position: "AAA", price: 250 } as const;
  tell({ kind: "operator", commandId: "c", by: "ops", command }, 2_000);
  expect(trader.data.account).toMatchObject({ cash: -50_000, equity: 150_000 });
  at(3_000, [250, 20, 5]);
  const account = { cash: 0, equity: 0, realized: -100_000 };
  expect(trader.data).toMatchObject({ account, positions: [] });
});

test("interest since the last hour is paid of what there is, and nothing is owed after it", () => {
  const staged = stage(usual({ borrowRate: 0.365 }), { AAA: -1 });
  staged.at(2.5 * MS_PER_HOUR, [350, 20, 5]);
  const { account, positions } = staged.trader.data;
  expect(positions).toEqual([]);
  expect(account).toMatchObject({ cash: 0, equity: 0 });
  expect(staged.trades[0]?.pnl).toBeCloseTo(-100_000, 6);
});

test("a backlog and a stale scan liquidate as a fresh one does", () => {
  const { tell, trader } = stage(usual({}), { AAA: -1 });
  const prices = Float64Array.of(350, 20, 5);
  tell({ ...scanNumbered(3, DAY_START_MS + 1_000), isReplayed: true, prices }, 1_000);
  expect(trader.data.positions).toEqual([]);
  expect(trader.data.liquidated).toMatchObject({ count: 1, lastAsset: "AAA", lastPnl: -100_000 });
});

test("a short pays interest each full hour and at its exit, and its trade contains it", () => {
  const staged = stage(usual({ borrowRate: 0.365 }), { AAA: -0.5 });
  // 0.1 % a day of 50,000.
  const hourly = 50 / 24;
  staged.at(0.5 * MS_PER_HOUR, [100, 20, 5]);
  expect(staged.trader.data.account.cash).toBe(100_000);
  staged.at(2.5 * MS_PER_HOUR, [100, 20, 5]);
  expect(staged.trader.data.account.cash).toBeCloseTo(100_000 - 2 * hourly, 9);
  expect(staged.notes).toMatchObject([{ code: "borrow_charged", subject: "AAA" }]);
  const close = { kind: "close", position: "AAA", price: 100 } as const;
  const end = { kind: "operator", commandId: "c", by: "ops", command: close } as const;
  const commands = staged.tell(end, 3 * MS_PER_HOUR);
  const trade = commands.flatMap((one) => (one.kind === "book_trade" ? [one.trade] : []))[0];
  expect(trade?.borrowCost).toBeCloseTo(3 * hourly, 9);
  expect(trade?.pnl).toBeCloseTo(-3 * hourly, 9);
  expect(trade?.fees).toBe(trade?.borrowCost);
  const { cash, realized, fees } = staged.trader.data.account;
  expect(cash).toBeCloseTo(100_000 + realized - fees, 9);
});

test("longs borrow what the cash does not pay", () => {
  const own = stage(usual({ borrowRate: 0.365 }), { AAA: 1 });
  own.at(MS_PER_DAY, [100, 20, 5]);
  expect(own.trader.data.account.fees).toBe(0);
  const lent = stage(usual({ borrowRate: 0.365 }), { AAA: 3 });
  lent.at(MS_PER_DAY, [100, 20, 5]);
  expect(lent.trader.data.account.fees).toBeCloseTo(200, 9);
});

test.each([
  ["a long pays", 0.5, -50],
  ["a short receives", -0.5, 50],
])("at a positive funding rate %s, once for a settlement", (_, share, payment) => {
  const { fund, trader } = stage(usual({}), { AAA: share });
  fund(0.001, 8 * MS_PER_HOUR + 900, 8 * MS_PER_HOUR);
  fund(0.001, 8 * MS_PER_HOUR + 5_000, 8 * MS_PER_HOUR);
  // From before it was opened, and a mere forecast.
  fund(0.001, 8 * MS_PER_HOUR + 6_000, -MS_PER_HOUR);
  fund(0.001, 8 * MS_PER_HOUR + 7_000, 16 * MS_PER_HOUR);
  const { cash, equity, realized } = trader.data.account;
  expect([cash, equity, realized]).toEqual([100_000 + payment, 100_000 + payment, payment]);
  expect(trader.data.positions[0]).toMatchObject({ funding: payment });
  fund(0.001, 16 * MS_PER_HOUR);
  expect(trader.data.account.realized).toBe(2 * payment);
});

test("folded on from a snapshot it pays, receives and is liquidated as it was", () => {
  const staged = stage(usual({ borrowRate: 0.1 }), { AAA: -1, BBB: 0.5 });
  staged.at(1.5 * MS_PER_HOUR, [100, 20, 5]);
  staged.fund(0.001, 8 * MS_PER_HOUR);
  const { trader } = staged;
  const other = restoreFrom(trader.configuration, snapshotOf(trader));
  const prices = [110, 140, 180, 260, 260];
  for (const [at, price] of prices.entries()) {
    const { nextIndex } = trader;
    const nowMs = DAY_START_MS + (9 + at) * MS_PER_HOUR;
    const scan = scanNumbered(10 + at, nowMs);
    const event = { ...scan, prices: Float64Array.of(price, 20, 5), index: nextIndex, nowMs };
    expect(stepTrader(other, event)).toEqual(stepTrader(trader, event));
    expect(JSON.stringify(snapshotOf(other))).toBe(JSON.stringify(snapshotOf(trader)));
  }
  expect(trader.data.liquidated?.count).toBe(2);
});
