/**
 * Walk-forward analysis: repeatedly choose parameters on training days and test them on the days that follow, and
 * join the equity of the tests. Invariant: no test day takes part in a choice that is tested on it.
 */
import { previousDay } from "../../scan/archive-names.ts";
import { dailyRatiosOf, type DailyRatios } from "../../statistics/daily-ratios.ts";
import type { DaySample } from "../backtest-run.ts";

export type Fold = {
  readonly trainFromMs: number;
  /** Also the end of the training span. */
  readonly testFromMs: number;
  readonly testToMs: number;
};

export type FoldSpan = {
  readonly firstMs: number;
  /** After the last scan. */
  readonly endMs: number;
  readonly trainMs: number;
  readonly testMs: number;
};

export type Stitched = {
  readonly days: readonly { readonly day: string; readonly equity: number }[];
  readonly total: number;
  /** Measured at the ends of the days. */
  readonly drawdownMax: number;
  readonly risk: DailyRatios;
};

/** Test spans follow one another without a gap; the last one may be shorter. */
export function foldsOf({ firstMs, endMs, trainMs, testMs }: FoldSpan): readonly Fold[] {
  const folds: Fold[] = [];
  for (let testFromMs = firstMs + trainMs; testFromMs < endMs; testFromMs += testMs) {
    folds.push({
      trainFromMs: testFromMs - trainMs,
      testFromMs,
      testToMs: Math.min(testFromMs + testMs, endMs),
    });
  }
  return folds;
}

/**
 * Each test began with the whole capital; its return is applied to the equity that the previous test left. Days
 * without scans between two tests repeat the last value.
 */
export function stitch(tests: readonly (readonly DaySample[])[], capital: number): Stitched {
  const days: { readonly day: string; readonly equity: number }[] = [];
  let base = capital;
  for (const test of tests) {
    const [last, next] = [days.at(-1)?.day, test[0]?.day];
    if (last !== undefined && next !== undefined) {
      for (const day of daysBetween(last, next)) days.push({ day, equity: base });
    }
    for (const { day, equity } of test) days.push({ day, equity: (base * equity) / capital });
    base = days.at(-1)?.equity ?? capital;
  }
  const equities = [capital, ...days.map(({ equity }) => equity)];
  let peak = capital;
  let drawdownMax = 0;
  for (const equity of equities) {
    peak = Math.max(peak, equity);
    drawdownMax = Math.max(drawdownMax, (peak - equity) / peak);
  }
  return {
    days,
    total: base / capital - 1,
    drawdownMax,
    risk: dailyRatiosOf({ equities, drawdownMax }),
  };
}

function daysBetween(last: string, next: string): readonly string[] {
  const days: string[] = [];
  for (let day = previousDay(next); last < day; day = previousDay(day)) days.push(day);
  return days.toReversed();
}
