/** Equity at each scan, and how far it lies below its own peak. */
import {
  type TimeSeries,
  thinnedColumn,
  type ThinnedSeries,
} from "../../../domain/statistics/thinned-series.ts";

export type EquitySeries = { readonly equity: ThinnedSeries; readonly drawdown: ThinnedSeries };

export function equitySeries(equity: TimeSeries): EquitySeries {
  let peak = -Infinity;
  const fallen = equity.values.map((value) => {
    peak = Math.max(peak, value);
    return value / peak - 1;
  });
  return {
    equity: thinnedColumn(equity),
    drawdown: thinnedColumn({ atMs: equity.atMs, values: fallen }),
  };
}
