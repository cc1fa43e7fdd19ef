/** Equity at each scan, and how far it lies below its own peak. */
import { type ThinnedSeries, thinnedSeries } from "../../../domain/statistics/thinned-series.ts";

export type EquityPoint = { readonly atMs: number; readonly equity: number };
export type EquitySeries = { readonly equity: ThinnedSeries; readonly drawdown: ThinnedSeries };

export function equitySeries(points: readonly EquityPoint[]): EquitySeries {
  let peak = -Infinity;
  const drawdown = thinnedSeries(
    points.map(({ atMs, equity }) => {
      peak = Math.max(peak, equity);
      return { atMs, value: equity / peak - 1 };
    }),
  );
  const equity = thinnedSeries(points.map(({ atMs, equity: value }) => ({ atMs, value })));
  return { equity, drawdown };
}
