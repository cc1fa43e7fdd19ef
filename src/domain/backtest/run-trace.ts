/**
 * The data for a run's pictures, in bounded memory: points of the equity and of all prices at equal distances in
 * scans, and a sample of the trades. When there are too many points every second one is dropped and the distance
 * doubles. Invariant: the points depend on the scans, not on the chunk boundaries.
 */
import { takeDeepest } from "../statistics/equity-curve.ts";
import type { Trade } from "../trading/orders.ts";
import { feedBacktest } from "./backtest.ts";
import type { Backtest, DaySample, ScanChunk } from "./backtest-run.ts";
import { createBuyAndHold, growthOf, noteHoldings } from "./benchmark.ts";
import { sliceOfChunk } from "./chunk-slice.ts";

const POINTS_MAX = 1_024;
const TRADES_MAX = 4_096;
/** With more assets the prices are not sampled. */
const ASSETS_MAX = 1_000;

export type RunTrace = {
  /** Scans from one point to the next. */
  stride: number;
  /** Scans until the next point. */
  wait: number;
  points: number;
  readonly timesMs: Float64Array;
  readonly equities: Float64Array;
  /** Deepest drawdown since the previous point, as a share of the peak. */
  readonly depths: Float64Array;
  readonly prices: Map<string, Float64Array>;
  trades: Trade[];
  tradesSeen: number;
  tradeStride: number;
  readonly days: DaySample[];
};

export type RunPictures = {
  readonly timesMs: readonly number[];
  readonly equities: readonly number[];
  readonly depths: readonly number[];
  /** The worth of the capital held in equal parts of every asset since its first price. */
  readonly benchmarks: readonly number[];
  readonly days: readonly DaySample[];
  /** Every `tradeStride`-th trade. */
  readonly trades: readonly Trade[];
  readonly tradeStride: number;
  /** Prices of the most traded asset; null where none was traded. */
  readonly market: { readonly asset: string; readonly prices: readonly number[] } | null;
};

export function createRunTrace(): RunTrace {
  return {
    stride: 1,
    wait: 1,
    points: 0,
    timesMs: new Float64Array(POINTS_MAX),
    equities: new Float64Array(POINTS_MAX),
    depths: new Float64Array(POINTS_MAX),
    prices: new Map(),
    trades: [],
    tradesSeen: 0,
    tradeStride: 1,
    days: [],
  };
}

/** Feeds the chunk in parts that end where a point is due. */
export function feedTraced(trace: RunTrace, run: Backtest, chunk: ScanChunk): void {
  const carriedCount = run.desk.trader.strategy.carried.length;
  for (let first = 0; first < chunk.count;) {
    const count = Math.min(trace.wait, chunk.count - first);
    feedBacktest(run, sliceOfChunk(chunk, { first, count, carriedCount }));
    first += count;
    trace.wait -= count;
    if (trace.wait > 0) continue;
    addPoint(trace, run, { ...chunk, at: (first - 1) * chunk.assets.length });
    trace.wait = trace.stride;
  }
}

export function recordTrade(trace: RunTrace, trade: Trade): void {
  if (trace.tradesSeen % trace.tradeStride === 0) trace.trades.push(trade);
  trace.tradesSeen += 1;
  if (trace.trades.length <= TRADES_MAX) return;
  trace.trades = trace.trades.filter((_, at) => at % 2 === 0);
  trace.tradeStride *= 2;
}

/** Called when the run is over: its last scan becomes a point, too, whatever its distance from the previous one. */
export function picturesOf(trace: RunTrace, run: Backtest, tradesByAsset: Counts): RunPictures {
  if (trace.wait < trace.stride) addPoint(trace, run, { ...run.lastRow, at: 0 });
  trace.wait = trace.stride;
  const { points, prices } = trace;
  const [busiest] = Object.entries(tradesByAsset).toSorted(([, a], [, b]) => b.count - a.count);
  const series = busiest === undefined ? undefined : prices.get(busiest[0]);
  return {
    timesMs: [...trace.timesMs.subarray(0, points)],
    equities: [...trace.equities.subarray(0, points)],
    depths: [...trace.depths.subarray(0, points)],
    benchmarks: benchmarksOf(trace, run.description.trader.capital),
    days: trace.days,
    trades: trace.trades,
    tradeStride: trace.tradeStride,
    market:
      busiest === undefined || series === undefined
        ? null
        : { asset: busiest[0], prices: [...series.subarray(0, points)] },
  };
}

type Counts = Readonly<Record<string, { readonly count: number }>>;
type Row = Pick<ScanChunk, "assets" | "prices"> & { readonly at: number };

/** `row`: of the scan that was just fed. */
function addPoint(trace: RunTrace, run: Backtest, row: Row): void {
  const { assets, prices } = row;
  const point = trace.points;
  trace.points += 1;
  trace.timesMs[point] = run.event.nowMs;
  trace.equities[point] = run.curve.last;
  trace.depths[point] = takeDeepest(run.curve);
  for (let column = 0; column < assets.length; column += 1) {
    seriesOf(trace, assets[column]!)[point] = prices[row.at + column]!;
  }
  if (trace.points === POINTS_MAX) thinOut(trace);
}

const NOT_DRAWN = new Float64Array(POINTS_MAX);

function seriesOf(trace: RunTrace, asset: string): Float64Array {
  const found = trace.prices.get(asset);
  if (found !== undefined) return found;
  if (ASSETS_MAX <= trace.prices.size) return NOT_DRAWN;
  const series = new Float64Array(POINTS_MAX).fill(Number.NaN);
  trace.prices.set(asset, series);
  return series;
}

/** Keeps the second of each pair, so that points stay at multiples of the stride. */
function thinOut(trace: RunTrace): void {
  const { timesMs, equities, depths } = trace;
  const half = POINTS_MAX / 2;
  for (let at = 0; at < half; at += 1) {
    timesMs[at] = timesMs[2 * at + 1]!;
    equities[at] = equities[2 * at + 1]!;
    depths[at] = Math.max(depths[2 * at]!, depths[2 * at + 1]!);
    for (const series of trace.prices.values()) series[at] = series[2 * at + 1]!;
  }
  for (const series of trace.prices.values()) series.fill(Number.NaN, half);
  trace.points = half;
  trace.stride *= 2;
}

function benchmarksOf({ points, prices }: RunTrace, capital: number): number[] {
  const holdings = createBuyAndHold();
  const assets = [...prices.keys()];
  const row = new Float64Array(assets.length);
  return Array.from({ length: points }, (_, point) => {
    let column = 0;
    for (const series of prices.values()) row[column++] = series[point]!;
    noteHoldings(holdings, { assets, prices: row, at: 0 });
    return capital * growthOf(holdings);
  });
}
