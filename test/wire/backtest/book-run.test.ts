import { expect, test } from "vitest";
import { DEFAULT_RUN_SETTINGS, describeRun } from "../../../src/domain/backtest/run-settings.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import { type AskedOfRun, differenceText, runOfBook } from "../../../src/wire/backtest/book-run.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";

const strategy = { choice: velocityDivergence, source: velocityDivergence.name };

/** No value is the usual one. */
const CONFIGURED = {
  capital: 50_000,
  parameters: { threshold: 0.03 },
  fill: "latency",
  fill_latency_ms: 250,
  fee_bps: 6,
  slippage_bps: 3,
  seed: 7,
  partial_share: 0.2,
  reject_share: 0.1,
  limits: { daily_loss_max: 0.03, positions_max: 2 },
  age_budgets_s: { scan: 10, posture: 20, news: 5 },
  instruments: { BTCUSDT: { tick: 0.1, lot: 0.001, minimum_notional: 5 } },
};

function runOf(trader: object, asked: AskedOfRun = {}) {
  return runOfBook(Configuration.parse({ trader }).trader, asked, strategy);
}

function said(trader: object, asked: AskedOfRun = {}): string {
  return differenceText(runOf(trader, asked).differsFromBook, 8);
}

test("a book that is not configured gives the usual run", () => {
  const { settings } = runOf({});
  expect(settings).toEqual(DEFAULT_RUN_SETTINGS);
  expect(said({})).toBe("as configured but for no limits");
});

test("a run of a configured book has the trader's own configuration, but for the limits and the posture", () => {
  const { trader, paper } = bookConfiguration(
    "BLUE",
    Configuration.parse({ trader: CONFIGURED }).trader,
  );
  const ground = { strategy: velocityDivergence, codeVersion: "", dataHash: "" };
  const free = describeRun(runOf(CONFIGURED).settings, ground);
  // An archive says no time of receipt that a clock could be off from.
  const { limits, scanOffsetMaxMs: _, ...configuration } = trader;
  const own = { book: "BACKTEST", configuredPosture: "APEX" };
  expect(free.trader).toMatchObject({ ...configuration, ...own });
  expect(free.paper).toEqual(paper);
  expect(free.watched).toEqual({ dailyLossMax: 0.03, drawdownMax: 0.2 });
  const limited = describeRun(runOf(CONFIGURED, { limits: "book" }).settings, ground);
  expect(limited.trader).toEqual({ ...configuration, limits, ...own });
  expect(said(CONFIGURED, { limits: "book" })).toBe("as configured");
  expect(limits.positionNotionalMax).toBe(50_000);
});

test.each<[AskedOfRun, string]>([
  [{ capital: 20_000, limits: "book" }, "capital 20000 instead of 50000"],
  [
    { fee_bps: 0, slippage_bps: 0, limits: "book" },
    "fee_bps 0 instead of 6, slippage_bps 0 instead of 3",
  ],
  [{ fills: { kind: "same_scan" }, limits: "book" }, "fill same_scan instead of latency:250"],
  [{ limits: { drawdown_max: 0.5 } }, "limits.drawdown_max 0.5 instead of 0.2"],
  [{ instruments: {}, limits: "book" }, "instruments none instead of 1"],
  [{ margin: "none", limits: "book" }, "no margin"],
  [{ margin: { leverage: 5 }, limits: "book" }, "margin.leverage 5 instead of 20"],
  [
    { instruments: { BTCUSDT: { tick: 1, lot: 0.001 } }, limits: "book" },
    "instruments.BTCUSDT quote_currency USDT tick 1 lot 0.001 minimum_notional 0 instead of " +
      "quote_currency USDT tick 0.1 lot 0.001 minimum_notional 5",
  ],
  [
    { age_budgets_s: { scan: 30, posture: 20, news: 5 }, limits: "book" },
    "age_budgets_s.scan 30 instead of 10",
  ],
  [{ parameters: {}, limits: "book" }, "parameters.threshold 0.02 instead of 0.03"],
  [{ parameters: { threshold: 0.03 }, seed: 8 }, "seed 8 instead of 7, no limits"],
])("what is asked for as %j overrides, and is reported", (asked, text) => {
  expect(said(CONFIGURED, asked)).toBe(`as configured but for ${text}`);
});

test("a long list is cut short", () => {
  const { differsFromBook } = runOf(CONFIGURED, { capital: 1, seed: 2, fee_bps: 3 });
  expect(differenceText(differsFromBook, 2)).toBe(
    "as configured but for capital 1 instead of 50000, fee_bps 3 instead of 6 and 2 more",
  );
});

test("another strategy than the book's has its own defaults", () => {
  const other = { choice: { ...velocityDivergence, name: "other" }, source: "other" };
  const { settings, differsFromBook } = runOfBook(
    Configuration.parse({ trader: CONFIGURED }).trader,
    {},
    other,
  );
  expect(settings).toMatchObject({ parameters: {}, feeBps: 6 });
  expect(differsFromBook[0]).toEqual({
    key: "strategy",
    run: "other",
    book: "velocity-divergence",
  });
});

test.each<[AskedOfRun, string]>([
  [{ fee_bps: 2_000 }, "fee_bps: "],
  [{ instruments: { BTCUSDT: { tick: 0, lot: 1 } } }, "instruments.BTCUSDT.tick: "],
  [{ limits: { drawdown_max: 2 } }, "limits.drawdown_max: "],
  [{ parameters: { treshold: 1 } }, "has no parameter 'treshold'"],
])("%j is refused by its name", (asked, sentence) => {
  expect(() => runOf({}, asked)).toThrow(sentence);
});

test.each<[object, AskedOfRun, RegExp]>([
  [{}, { margin: { leverage: 0.5 } }, /margin\.leverage/],
  [{}, { margin: { modus: "cross" } }, /modus/],
  [{ margin: null }, { margin: { mode: "both" } }, /margin\.mode/],
])("a margin that is none is refused by its key: %j, %j", (trader, asked, error) => {
  expect(() => runOf(trader, asked)).toThrow(error);
});

test("a book without margin takes the usual terms with those that a run names", () => {
  const { settings } = runOf({ margin: null }, { margin: { mode: "isolated" } });
  expect(settings.margin).toEqual({ ...DEFAULT_RUN_SETTINGS.margin, mode: "isolated" });
  expect(runOf({ margin: null }).settings.margin).toBeNull();
});
