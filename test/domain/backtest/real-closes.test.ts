import { expect, test } from "vitest";
import {
  feedBacktest,
  finishBacktest,
  startBacktest,
} from "../../../src/domain/backtest/backtest.ts";
import type { ScanChunk } from "../../../src/domain/backtest/backtest-run.ts";
import {
  DEFAULT_PAPER_SETTINGS,
  type FillConvention,
} from "../../../src/domain/trading/broker/paper-broker.ts";
import {
  DEFAULT_AGE_BUDGETS_MS,
  DEFAULT_LIMITS,
} from "../../../src/domain/trading/configuration.ts";
import type { Trade } from "../../../src/domain/trading/orders.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import { partsOf, realCloses } from "../../helpers/trading/real-closes.ts";

const closes = realCloses();

function runOver(chunks: Iterable<ScanChunk>, kind: "same_scan" | "next_scan" = "next_scan") {
  const trades: Trade[] = [];
  const convention: FillConvention = { kind };
  const run = startBacktest(
    {
      dataHash: "closes",
      codeVersion: "test",
      trader: {
        book: "TEST",
        capital: 100_000,
        strategy: velocityDivergence,
        parameters: {},
        slippageBps: 2,
        instruments: {},
        limits: DEFAULT_LIMITS,
        ageBudgetsMs: DEFAULT_AGE_BUDGETS_MS,
        configuredPosture: "APEX",
      },
      paper: { ...DEFAULT_PAPER_SETTINGS, convention },
    },
    { onTrade: (trade) => trades.push(trade), onDay: () => {} },
  );
  for (const chunk of chunks) feedBacktest(run, chunk);
  return { report: finishBacktest(run), trades };
}

test.each([
  ["next_scan", 37],
  ["same_scan", 51],
] as const)("the default strategy trades real closes long and short: %s", (convention, count) => {
  const { report } = runOver([closes], convention);
  expect(report.trades.count).toBe(count);
  expect(Math.min(report.trades.long, report.trades.short)).toBeGreaterThanOrEqual(10);
});

test("chunks of any size give the same trades and the same result hash", () => {
  const whole = runOver([closes]);
  for (const size of [1, 97, 1_000]) {
    const parts = runOver(partsOf(closes, size));
    expect(parts.trades).toEqual(whole.trades);
    expect(parts.report).toEqual(whole.report);
  }
});

test("every trade carries its signal, the ages of its inputs and its posture", () => {
  for (const trade of runOver([closes]).trades) {
    expect(Math.abs(trade.signal)).toBeGreaterThan(0.02);
    expect(Math.sign(trade.signal)).toBe(trade.direction === "long" ? 1 : -1);
    expect(trade.posture).toBe("APEX");
    expect(trade.ages.map(({ input }) => input)).toEqual(["scan", "posture"]);
  }
});

test("what comes after a scan does not change what was decided up to it", () => {
  const { trades } = runOver([closes]);
  for (const count of [700, 1_900, 3_100]) {
    const head = runOver([{ ...closes, count }]).trades;
    expect(head).toEqual(trades.filter((trade) => trade.exitSeq <= count));
  }
});

test("two weeks are too short for ratios, and the report says so", () => {
  const { risk, returns, trades } = runOver([closes]).report;
  expect(risk.sharpe).toBeNull();
  expect(risk.reason).toContain("14 daily samples");
  expect(returns.buyAndHold).toBeCloseTo(-0.02844, 4);
  expect(Object.values(trades.byAsset).reduce((sum, { pnl }) => sum + pnl, 0)).toBeCloseTo(
    returns.end - returns.start,
    6,
  );
});
