/** A run's equity figures when scans are unevenly spread over time. */
import { expect, test } from "vitest";
import { feedBacktest, finishBacktest } from "../../../src/domain/backtest/backtest.ts";
import type { DaySample } from "../../../src/domain/backtest/backtest-run.ts";
import { luckOf, trialScoreOf } from "../../../src/domain/backtest/sweep/ranking.ts";
import type { RunSettings } from "../../../src/domain/backtest/run-settings.ts";
import { WIDE_LIMITS } from "../../../src/domain/trading/configuration.ts";
import { createRunTrace, feedTraced, picturesOf } from "../../../src/domain/backtest/run-trace.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../../src/domain/time.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { pricesAt, startHolder } from "../../helpers/trading/held-asset.ts";

const FIRST_MS = Date.parse("2026-03-01");

/** The same 40 days of prices, each so many days after the one before. */
function runWithDaysApart(daysApart: number, settings: Partial<RunSettings> = {}) {
  const random = seededRandom(7);
  const days: DaySample[] = [];
  const run = startHolder({ settings, onDay: (sample) => days.push(sample) });
  let price = 100;
  for (let day = 0; day < 40; day += 1) {
    const dayMs = FIRST_MS + day * daysApart * MS_PER_DAY;
    const rows = Array.from({ length: 24 }, (_, hour) => {
      price *= 1 + 0.0005 + 0.002 * random.normal();
      return [dayMs + hour * MS_PER_HOUR, price] as const;
    });
    feedBacktest(run, pricesAt(rows));
  }
  const report = finishBacktest(run);
  return { report, ...report, days };
}

test("days without scans are days on which nothing was gained: they count in every ratio", () => {
  const daily = runWithDaysApart(1);
  const sparse = runWithDaysApart(3);
  expect(sparse.returns.total).toBe(daily.returns.total);
  expect([daily.risk.samples, sparse.risk.samples]).toEqual([40, 39 * 3 + 1]);
  expect(sparse.risk.cagr).toBeCloseTo((1 + sparse.returns.total) ** (365 / 118) - 1, 9);
  // As many returns among three times as many days.
  expect(daily.risk.sharpe! / sparse.risk.sharpe!).toBeGreaterThan(1.5);
  expect(sparse.days).toHaveLength(118);
  const [first, second, third, fourth] = sparse.days;
  expect(second).toEqual({ ...first, day: "2026-03-02" });
  expect(third).toEqual({ ...first, day: "2026-03-03" });
  expect(fourth).toEqual({ ...daily.days[1], day: "2026-03-04" });
});

test("a drawdown is as long as from the last scan at the peak, whenever the peak was reached", () => {
  const prices = [100, 100, 100, ...Array.from({ length: 8 }, () => 110), 99, 110];
  const rows = prices.map((price, day) => [FIRST_MS + day * MS_PER_DAY, price] as const);
  const run = startHolder();
  feedBacktest(run, pricesAt(rows));
  const { risk } = finishBacktest(run);
  expect(risk).toMatchObject({ drawdowns: 1, drawdownLongestMs: 2 * MS_PER_DAY });
  expect(risk.drawdownAverageMs).toBe(2 * MS_PER_DAY);
  expect(risk.drawdownMax).toBeCloseTo(0.1, 12);
});

test.each([
  ["in the middle", 20_001, 5_003],
  ["in the scans after the last point", 20_031, 20_010],
  ["before the points were thinned out", 5_000, 3],
])("the picture is as deep as the figure, for a fall %s", (_, scans, fallAt) => {
  const rows = Array.from({ length: scans }, (_row, row) => {
    const price = fallAt <= row && row < fallAt + 2 ? 73 : 100 + row / scans;
    return [FIRST_MS + row * 5_000, price] as const;
  });
  const run = startHolder();
  const trace = createRunTrace();
  feedTraced(trace, run, pricesAt(rows));
  const { risk, trades } = finishBacktest(run);
  const { depths, timesMs, equities } = picturesOf(trace, run, trades.byAsset);
  expect(risk.drawdownMax).toBeGreaterThan(0.26);
  expect(Math.max(...depths)).toBe(risk.drawdownMax);
  expect(timesMs.at(-1)).toBe(rows.at(-1)![0]);
  expect(equities).toHaveLength(timesMs.length);
  // It was over two scans later, and the picture does not draw it out.
  expect(depths.filter((depth) => 0.2 < depth)).toHaveLength(1);
});

test("sets that never trade count among those that the best was chosen from", () => {
  const { report } = runWithDaysApart(1);
  const { report: still } = runWithDaysApart(1, {
    limits: { ...WIDE_LIMITS, entriesPerMinuteMax: 0 },
  });
  expect(still.risk.sharpe).toBeNull();
  const alone = luckOf([trialScoreOf(report)], report);
  const chosen = luckOf(
    [report, ...Array.from({ length: 99 }, () => still)].map(trialScoreOf),
    report,
  );
  expect(alone.expectedBest).toBe(0);
  expect(chosen.expectedBest).toBeCloseTo(2.53 / Math.sqrt(39), 2);
  expect(chosen.probability!).toBeLessThan(alone.probability!);
});
