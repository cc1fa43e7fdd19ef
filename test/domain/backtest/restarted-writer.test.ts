import { expect, test } from "vitest";
import { feedBacktest, startBacktest } from "../../../src/domain/backtest/backtest.ts";
import type { ScanChunk } from "../../../src/domain/backtest/backtest-run.ts";
import { DEFAULT_RUN_SETTINGS, describeRun } from "../../../src/domain/backtest/run-settings.ts";
import {
  createBuyAndHold,
  growthOf,
  noteHoldings,
} from "../../../src/domain/backtest/benchmark.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";

const ASSETS = ["AAA", "BBB"];
const BEFORE = 600;
const DROPPED = 50;

/** A writer that begins anew after `BEFORE` scans, and whose first eigenvalues then are wild. */
function chunkOf(wild: number, restarts: boolean): ScanChunk {
  const random = seededRandom(3);
  const count = BEFORE + 200;
  const steps = Array.from({ length: count * 2 }, () => 0.001 * random.normal());
  const isFirst = (row: number) => BEFORE <= row && row < BEFORE + DROPPED;
  return {
    assets: ASSETS,
    count,
    timesMs: Float64Array.from({ length: count }, (_, at) => at * 5_000),
    scanNumbers: Float64Array.from({ length: count }, (_, at) =>
      restarts && BEFORE <= at ? at - BEFORE + 1 : at + 1,
    ),
    prices: Float64Array.from(steps, (step, at) => (at % 2 === 0 ? 100 : 50) * (1 + step)),
    eigenvalues: Float64Array.from(
      { length: count },
      (_, at) => 1 + 0.001 * random.normal() + (isFirst(at) && at % 2 === 0 ? wild : 0),
    ),
    eigenvalueCount: 1,
    carried: new Float64Array(0),
  };
}

function memoryAfter(chunk: ScanChunk): string {
  const ground = { strategy: velocityDivergence, dataHash: "", codeVersion: "" };
  const run = startBacktest(describeRun(DEFAULT_RUN_SETTINGS, ground));
  feedBacktest(run, chunk);
  const { strategy, data } = run.desk.trader;
  return JSON.stringify([strategy.memory(), data.account]);
}

test("what a writer says in its first scans after a restart is not judged", () => {
  expect(memoryAfter(chunkOf(0.5, true))).toBe(memoryAfter(chunkOf(0, true)));
  expect(memoryAfter(chunkOf(0.5, false))).not.toBe(memoryAfter(chunkOf(0, false)));
});

test("an asset that is listed moves what buying and holding gave by nothing", () => {
  const holdings = createBuyAndHold();
  const note = (assets: string[], ...prices: number[]) =>
    noteHoldings(holdings, { assets, prices: Float64Array.from(prices), at: 0 });
  note(["AAA"], 100);
  note(["AAA"], 300);
  note(["AAA", "BBB"], 300, 50);
  expect(growthOf(holdings)).toBeCloseTo(3, 12);
  note(["AAA", "BBB"], 300, 60);
  expect(growthOf(holdings)).toBeCloseTo(3.3, 12);
  // One that goes stays as it was left, and comes back with what it moved.
  note(["AAA"], 330);
  expect(growthOf(holdings)).toBeCloseTo(3 * ((1.1 + 1.2) / 2), 12);
});
