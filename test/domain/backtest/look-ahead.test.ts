import { expect, test } from "vitest";
import breakout from "../../../examples/strategies/breakout.ts";
import { startBacktest } from "../../../src/domain/backtest/backtest.ts";
import { checkLookAhead } from "../../../src/domain/backtest/look-ahead.ts";
import { DEFAULT_RUN_SETTINGS, describeRun } from "../../../src/domain/backtest/run-settings.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import type { StrategyChoice } from "../../../src/domain/trading/strategy.ts";
import keptOutside from "../../helpers/trading/planted/kept-outside.ts";
import throughACast from "../../helpers/trading/planted/through-a-cast.ts";
import wholeSetStatistic from "../../helpers/trading/planted/whole-set-statistic.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const chunk = { ...realCloses(), count: 2_000 };

function check(strategy: StrategyChoice, seed: number) {
  const random = seededRandom(seed);
  const ground = { strategy, dataHash: "closes", codeVersion: "test" };
  return checkLookAhead({
    chunk,
    begin: () => startBacktest(describeRun(DEFAULT_RUN_SETTINGS, ground)),
    random: () => random.uniform(),
  });
}

test.each([velocityDivergence, breakout])("$name decides without the future", (strategy) => {
  const { decisions, tried, findings } = check(strategy, 1);
  expect(decisions).toBeGreaterThan(10);
  expect(tried.length).toBeGreaterThanOrEqual(20);
  expect(findings).toEqual([]);
});

test.each([1, 2, 3])("a cast that reaches the next scan is found, seed %i", (seed) => {
  const { findings } = check(throughACast, seed);
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(["cut", "blanked"]));
  // It reaches one scan ahead, so only the last scan that is left can differ.
  for (const { seq, scans } of findings) expect(seq).toBe(scans);
});

test.each([1, 2, 3])("a statistic over the whole set is found, seed %i", (seed) => {
  const { findings } = check(wholeSetStatistic, seed);
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(["cut", "blanked"]));
});

test("what one run leaves for the next is found", () => {
  expect(check(keptOutside, 1).findings[0]?.kind).toBe("again");
});
