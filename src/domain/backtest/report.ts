/** The figures of a tear sheet, computed from a finished run. Pictures are drawn elsewhere. */
import { dailyRatiosOf, type DailyRatios } from "../statistics/daily-ratios.ts";
import { tradeFiguresOf, type TradeFigures } from "./trade-tally.ts";
import { publishedOf, type PublishedPosition } from "../trading/published.ts";
import type { FillConvention } from "../trading/broker/paper-broker.ts";
import type { Parameters } from "../trading/strategy.ts";
import type { Backtest } from "./backtest-run.ts";
import { growthOf } from "./benchmark.ts";
import { limitsReached, type LimitsReached } from "./loss-watch.ts";
import { hexOf } from "./result-hash.ts";

export type BacktestReport = {
  readonly resultHash: string;
  readonly run: {
    readonly dataHash: string;
    readonly codeVersion: string;
    readonly strategy: string;
    readonly parameters: Parameters;
    readonly seed: number;
    readonly convention: FillConvention;
    readonly feeBps: number;
    readonly slippageBps: number;
    readonly scans: number;
    readonly firstMs: number | null;
    readonly lastMs: number | null;
  };
  readonly limits: LimitsReached;
  readonly returns: {
    readonly start: number;
    readonly end: number;
    /** With open positions at their marks. */
    readonly endEquity: number;
    readonly peak: number;
    readonly lowest: number;
    readonly total: number;
    readonly buyAndHold: number;
    readonly fees: number;
    /** Interest that the closed trades paid, included in the fees; absent in reports from before margin. */
    readonly borrowCost?: number;
    /** Funding that the closed trades received, included in their pnl; negative: it was paid. */
    readonly funding?: number;
    readonly volume: number;
  };
  readonly risk: DailyRatios & {
    readonly drawdownMax: number;
    readonly drawdownAverage: number;
    readonly drawdowns: number;
    readonly drawdownLongestMs: number;
    readonly drawdownAverageMs: number;
  };
  readonly trades: TradeFigures & {
    /** Share of the scans with an open position. */
    readonly exposure: number;
    /** Signals that a gate or a limit stopped, by reason. */
    readonly rejectedSignals: Readonly<Record<string, number>>;
    readonly leftOpen: readonly PublishedPosition[];
  };
};

export function reportOf(run: Backtest): BacktestReport {
  const { description, desk, curve, tally } = run;
  const { strategy, data } = desk.trader;
  const { paper, trader } = description;
  const published = publishedOf(desk.trader);
  return {
    resultHash: hexOf(run.hash),
    run: {
      dataHash: description.dataHash,
      codeVersion: description.codeVersion,
      strategy: strategy.name,
      parameters: strategy.parameters,
      seed: paper.seed,
      convention: paper.convention,
      feeBps: paper.feeBps,
      slippageBps: paper.slippageBps,
      scans: run.scans,
      firstMs: run.firstMs[0] ?? null,
      lastMs: run.scans === 0 ? null : run.event.nowMs,
    },
    limits: limitsReached(run.losses, description.watched === undefined),
    returns: {
      start: trader.capital,
      end: data.account.cash,
      endEquity: curve.last,
      peak: curve.peak,
      lowest: curve.lowest,
      total: curve.last / trader.capital - 1,
      buyAndHold: growthOf(run.holdings) - 1,
      fees: data.account.fees,
      borrowCost: tally.borrowCost,
      funding: tally.funding,
      volume: tally.volume,
    },
    risk: {
      ...dailyRatiosOf({ equities: run.dailyEquities, drawdownMax: curve.drawdownMax }),
      drawdownMax: curve.drawdownMax,
      drawdownAverage: curve.drawdowns === 0 ? 0 : curve.drawdownSum / curve.drawdowns,
      drawdowns: curve.drawdowns,
      drawdownLongestMs: curve.drawdownLongestMs,
      drawdownAverageMs: curve.drawdowns === 0 ? 0 : curve.drawdownMsSum / curve.drawdowns,
    },
    trades: {
      ...tradeFiguresOf(tally),
      exposure: run.scans === 0 ? 0 : run.scansInPosition / run.scans,
      rejectedSignals: published.refusals,
      leftOpen: published.positions,
    },
  };
}
