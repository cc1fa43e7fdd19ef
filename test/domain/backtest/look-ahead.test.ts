import { expect, test } from "vitest";
import breakout from "../../../examples/strategies/breakout.ts";
import { startBacktest } from "../../../src/domain/backtest/backtest.ts";
import { checkLookAhead } from "../../../src/domain/backtest/look-ahead.ts";
import { DEFAULT_RUN_SETTINGS, describeRun } from "../../../src/domain/backtest/run-settings.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { WIDE_LIMITS } from "../../../src/domain/trading/configuration.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import type { StrategyChoice } from "../../../src/domain/trading/strategy.ts";
import halfRemembered from "../../helpers/trading/planted/half-remembered.ts";
import keptOutside from "../../helpers/trading/planted/kept-outside.ts";
import throughACast from "../../helpers/trading/planted/through-a-cast.ts";
import undefinedLater from "../../helpers/trading/planted/undefined-later.ts";
import wholeSetStatistic from "../../helpers/trading/planted/whole-set-statistic.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const chunk = { ...realCloses(), count: 2_000 };

/** Their knowledge is outside of their memory, so that a restart loses it, too. */
const AHEAD = new Set(["cut", "blanked", "restored"]);

function check(strategy: StrategyChoice, seed: number, settings = DEFAULT_RUN_SETTINGS) {
  const random = seededRandom(seed);
  const ground = { strategy, dataHash: "closes", codeVersion: "test" };
  return checkLookAhead({
    chunk,
    begin: () => startBacktest(describeRun(settings, ground)),
    random: () => random.uniform(),
  });
}

test.each([velocityDivergence, breakout])("$name decides without the future", (strategy) => {
  const { decisions, tried, findings } = check(strategy, 1);
  expect(decisions).toBeGreaterThan(10);
  expect(tried.length).toBeGreaterThanOrEqual(20);
  expect(findings).toEqual([]);
});

test("what is refused is no order", () => {
  const limits = { ...WIDE_LIMITS, entriesPerMinuteMax: 0 };
  const { decisions, orders } = check(velocityDivergence, 1, { ...DEFAULT_RUN_SETTINGS, limits });
  expect(decisions).toBeGreaterThan(10);
  expect(orders).toBe(0);
  expect(check(velocityDivergence, 1).orders).toBeGreaterThan(10);
});

test("a strategy that fails is reported as such, where it fails each time too", () => {
  const fails: StrategyChoice = {
    ...velocityDivergence,
    start: (overrides) => ({
      ...velocityDivergence.start(overrides),
      decide: () => {
        throw new Error("strategy x uses Date.now");
      },
    }),
  };
  expect(check(fails, 1)).toMatchObject({ orders: 0, failure: "strategy x uses Date.now" });
});

test.each([1, 2, 3])("a cast that reaches the next scan is found, seed %i", (seed) => {
  const { findings } = check(throughACast, seed);
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(AHEAD);
  // It reaches one scan ahead, so only the last scan that is left can differ.
  const moved = findings.filter(({ kind, seq, scans }) => kind !== "restored" && seq !== scans);
  expect(moved).toEqual([]);
});

test.each([1, 2, 3])("a statistic over the whole set is found, seed %i", (seed) => {
  const { findings } = check(wholeSetStatistic, seed);
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(AHEAD);
});

test("what one run leaves for the next is found", () => {
  expect(check(keptOutside, 1).findings[0]?.kind).toBe("again");
});

test("what no snapshot holds is found: a book would decide otherwise after a restart", () => {
  const [finding, ...more] = check(halfRemembered, 1).findings;
  expect(finding?.kind).toBe("restored");
  expect(more).toEqual([]);
});

test("a memory that can't be held later on is found, with the place inside", () => {
  const { findings } = check(undefinedLater, 1);
  expect(findings).toHaveLength(1);
  expect(findings[0]?.found).toMatch(/failed: memory\.seen\.last is undefined/);
});
