import { expect, test } from "vitest";
import {
  feedBacktest,
  finishBacktest,
  startBacktest,
} from "../../../src/domain/backtest/backtest.ts";
import type { ScanChunk } from "../../../src/domain/backtest/backtest-run.ts";
import { latchedText } from "../../../src/domain/backtest/loss-watch.ts";
import {
  DEFAULT_RUN_SETTINGS,
  describeRun,
  type RunSettings,
} from "../../../src/domain/backtest/run-settings.ts";
import { DEFAULT_LIMITS, limitsFor } from "../../../src/domain/trading/configuration.ts";
import { defineStrategy } from "../../../src/domain/trading/strategy.ts";
import { PLAIN_STRATEGY } from "../../helpers/trading/plain-strategy.ts";

const START_MS = Date.parse("2026-03-01");
const ASSETS = ["AAA", "BBB", "CCC"];

/** Always long in one asset after the other, for three scans each. */
function strategyWith(share: number, positionsMax: number) {
  return defineStrategy<Record<string, never>, { seen: number }>({
    ...PLAIN_STRATEGY,
    name: "rounds",
    positionsMax: () => positionsMax,
    remember: () => ({ seen: 0 }),
    observe: (memory) => {
      memory.seen += 1;
    },
    decide: ({ seen }) => ({
      column: seen % ASSETS.length,
      direction: "long",
      share,
      strength: 1,
      plan: { takeProfit: 1, stopLoss: 1, holdScansMax: 3, bucket: "" },
    }),
  });
}

type Plan = { readonly share: number; readonly positionsMax?: number; readonly growth?: number };

function runOf({ share, positionsMax = 1, growth = 1.001 }: Plan, limits: RunSettings["limits"]) {
  const ground = { strategy: strategyWith(share, positionsMax), dataHash: "", codeVersion: "" };
  const settings = { ...DEFAULT_RUN_SETTINGS, feeBps: 0, slippageBps: 0, limits };
  const run = startBacktest(describeRun(settings, ground));
  feedBacktest(run, chunkOf(200, growth));
  return finishBacktest(run);
}

/** Ten minutes apart, each price so many times the one before. */
function chunkOf(count: number, growth: number): ScanChunk {
  return {
    assets: ASSETS,
    count,
    timesMs: Float64Array.from({ length: count }, (_, at) => START_MS + at * 600_000),
    prices: Float64Array.from(
      { length: count * ASSETS.length },
      (_, at) => 100 * growth ** Math.floor(at / ASSETS.length),
    ),
    eigenvalues: new Float64Array(0),
    eigenvalueCount: 0,
    carried: new Float64Array(0),
  };
}

test("all of a cash that grew or fell is within a notional limit of the capital", () => {
  for (const growth of [1.001, 0.9999]) {
    const { trades, limits } = runOf({ share: 1, growth }, DEFAULT_LIMITS);
    expect(trades.count).toBeGreaterThan(30);
    expect(trades.rejectedSignals).toEqual({});
    expect(limits).toEqual({ areEnforced: true, latched: [] });
  }
});

test("a limit of size refuses the one entry, and nothing latches", () => {
  const small = { ...limitsFor(100_000), grossNotionalMax: 60_000, positionsMax: 3 };
  const { trades, limits } = runOf({ share: 0.5, positionsMax: 3 }, small);
  expect(trades.count).toBeGreaterThan(30);
  expect(trades.rejectedSignals["limit_notional"]).toBeGreaterThan(30);
  expect(trades.rejectedSignals["latched"]).toBeUndefined();
  expect(limits.latched).toEqual([]);
});

test("a strategy that holds more positions than its limit does not start", () => {
  expect(() => runOf({ share: 0.2, positionsMax: 3 }, DEFAULT_LIMITS)).toThrow(
    "strategy rounds holds up to 3 positions and limits.positions_max is 1",
  );
  expect(runOf({ share: 0.2, positionsMax: 3 }, null).trades.count).toBeGreaterThan(60);
});

test("without limits a run goes on, and says on which day a book would have latched", () => {
  const losing = { share: 1, growth: 0.999 };
  const free = runOf(losing, null);
  const stopped = runOf(losing, DEFAULT_LIMITS);
  expect(free.trades.count).toBeGreaterThan(stopped.trades.count);
  expect(free.limits.latched).toEqual([{ limit: "limit_daily_loss", day: "2026-03-01" }]);
  expect(latchedText(free.limits)).toBe("would have latched limit_daily_loss on 2026-03-01");
  expect(latchedText(stopped.limits)).toBe("stopped by limit_daily_loss on 2026-03-01");
});
