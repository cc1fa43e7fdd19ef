/** The forewarner's forecast for a book that continues like this run, from the run's own trades. */
import { forecast, type PastTrade } from "../../domain/forewarn/forecast.ts";
import type { RunPictures } from "../../domain/backtest/run-trace.ts";
import { MS_PER_DAY } from "../../domain/time.ts";
import { number, percent } from "../figures.ts";
import { card, facts, legend, note } from "../page.ts";
import type { BacktestRecord } from "../run-record.ts";
import { picture, WIDE } from "../plot.ts";
import { fanChart } from "./fan-chart.ts";

const TITLE = "Forecast";
const PLOT = { ...WIDE, bottom: 38 };
const HORIZON_DAYS_MAX = 30;
/** More would not improve the picture, and would delay the sheet. */
const STEPS_MAX = 1_000;
const PATHS = 2_000;

export function forewarnCard(
  { report, settings }: BacktestRecord,
  { trades, tradeStride }: RunPictures,
): string {
  if (1 < tradeStride) {
    return card(TITLE, note(`No forecast is possible from every ${tradeStride}th trade only.`));
  }
  const { run, returns } = report;
  const days = Math.max(1, ((run.lastMs ?? 0) - (run.firstMs ?? 0)) / MS_PER_DAY);
  const tradesPerDay = trades.length / days;
  const horizonDays = Math.max(1, Math.min(HORIZON_DAYS_MAX, Math.floor(STEPS_MAX / tradesPerDay)));
  const { watched } = settings;
  const { endEquity } = returns;
  const peak = 0 < endEquity ? Math.max(1, returns.peak / endEquity) : 1;
  const forecasted = forecast({
    trades: returnsOf(trades, settings.capital),
    regime: null,
    market: null,
    tradesPerDay,
    horizonDays,
    peak,
    dayStart: 1,
    limits: watched,
    paths: PATHS,
    seed: run.seed,
  });
  if (forecasted.breach === null) return card(TITLE, note(`No forecast: ${forecasted.reason}.`));
  const key = legend([
    ["blue", "median of the simulated paths, with the central 50 % and 90 %"],
    ["red", "the drawdown at which a book stops"],
  ]);
  const { drawdown, dailyLoss, either } = forecasted.breach;
  const rows = [
    ["Reaches a loss limit", `${percent(either, 1)}, ${forecasted.verdict}`],
    [`Falls ${percent(watched.drawdownMax)} below its peak`, percent(drawdown, 1)],
    [`Loses ${percent(watched.dailyLossMax)} in a day`, percent(dailyLoss, 1)],
  ] as const;
  return card(
    `${TITLE} for ${number(horizonDays, 0)} days`,
    key +
      picture(
        PLOT,
        TITLE,
        fanChart(PLOT, forecasted.envelope, [peak * (1 - watched.drawdownMax)]),
      ) +
      facts(rows) +
      note(
        `${number(PATHS, 0)} paths, simulated from the returns of the run's ${trades.length} trades ` +
          `in blocks of ${number(forecasted.meanBlock, 1)} on average, at the same rate; seed ${run.seed}. ` +
          "They contain nothing that did not happen in the run, and no present market: the forecast of a book takes " +
          "that from the archive.",
      ),
  );
}

/** Relative to the capital before each trade, in the order of their ends. */
function returnsOf(trades: RunPictures["trades"], capital: number): readonly PastTrade[] {
  let before = capital;
  return trades
    .toSorted((a, b) => a.exitedAtMs - b.exitedAtMs)
    .map(({ pnl, plan }) => {
      const netReturn = pnl / before;
      before += pnl;
      return { netReturn, regime: plan.bucket };
    });
}
