/** The pictures of one run. */
import type { RunPictures } from "../domain/backtest/run-trace.ts";
import { deviationOf, addToMoments, createMoments } from "../domain/statistics/moments.ts";
import { DAILY_SAMPLES_MIN } from "../domain/statistics/daily-ratios.ts";
import { dayFromMicros, US_PER_MS } from "../domain/time.ts";
import type { Trade } from "../domain/trading/orders.ts";
import {
  histogram,
  scatter,
  timeChart,
  underwaterChart,
  type Dot,
  type ChartMarker,
} from "./charts.ts";
import { number, percent, signedPercent } from "./figures.ts";
import { heatmap } from "./heatmap.ts";
import { card, legend, note, pair } from "./page.ts";

const DAYS_PER_YEAR = 365;
/** More marks would hide the price. */
const MARKED_TRADES_MAX = 150;
const MONTHS = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"];

export function runPictures(pictures: RunPictures, capital: number): string {
  const { timesMs, equities, benchmarks, depths } = pictures;
  const equity = timeChart({
    title: "Equity",
    timesMs,
    lines: [
      { style: "hold", values: benchmarks },
      { style: "own", values: equities },
    ],
  });
  const key = legend([
    ["blue", "equity, marked to market"],
    ["grey", "buy and hold, equal parts"],
  ]);
  return [
    card("Equity", key + equity),
    card("Drawdown", underwaterChart(timesMs, depths) + deepest(pictures)),
    card("Returns by month", monthly(pictures, capital)),
    pair(
      card("Return of a trade", tradeReturns(pictures)),
      card("Excursions", excursions(pictures)),
    ),
    pair(
      card("Return of a day", dailyReturns(pictures, capital)),
      card("Sharpe over 30 days", rollingSharpe(pictures, capital)),
    ),
    market(pictures),
  ].join("");
}

/** The deepest drawdown, which the sampled picture may not show. */
function deepest({ timesMs, depths }: RunPictures): string {
  const depth = Math.max(0, ...depths);
  if (depth === 0) return note("The equity was never below its peak.");
  const day = dayFromMicros(timesMs[depths.indexOf(depth)]! * US_PER_MS);
  return note(
    `Deepest by ${day}: ${percent(depth)}. Each point is the deepest drawdown since the previous one.`,
  );
}

function monthly({ days }: RunPictures, capital: number): string {
  const ends = new Map<string, number>();
  for (const { day, equity } of days) ends.set(day.slice(0, 7), equity);
  const growths = new Map<string, number>();
  let before = capital;
  for (const [month, equity] of ends) {
    if (before > 0) growths.set(month, equity / before - 1);
    before = equity;
  }
  const years = [...new Set([...growths.keys()].map((month) => month.slice(0, 4)))];
  const rows = years.map((year) => {
    const months = MONTHS.map((month) => growths.get(`${year}-${month}`) ?? null);
    const whole = months.reduce<number>((product, one) => product * (1 + (one ?? 0)), 1) - 1;
    return { name: year, cells: [...months, whole] };
  });
  const columns = [...MONTHS, "year"];
  return (
    heatmap({ corner: "%", columns, rows, text: bareShare }) +
    note("The first and the last month may be incomplete.")
  );
}

/** Its unit is in the corner. */
function bareShare(value: number): string {
  return number(value * 100, 1);
}

function returnOf({ pnl, quantity, entryPrice }: Trade): number {
  return pnl / (quantity * entryPrice);
}

function tradeReturns({ trades, tradeStride }: RunPictures): string {
  if (trades.length === 0) return note("There were no trades.");
  const name = "of the entry's value, after fees";
  const chart = histogram({ title: "Return of a trade", values: trades.map(returnOf), name });
  return tradeStride === 1 ? chart : chart + note(`Every ${tradeStride}th trade.`);
}

function excursions({ trades }: RunPictures): string {
  if (trades.length === 0) return note("There were no trades.");
  const dots = trades.map((trade): Dot => ({
    x: trade.maxAdverse,
    y: trade.maxFavourable,
    style: trade.pnl > 0 ? "dot-gain" : "dot-loss",
    title: `${trade.asset} ${trade.direction} ${signedPercent(returnOf(trade))}`,
  }));
  return scatter("Excursions", dots, { x: "worst mark while open", y: "best mark while open" });
}

/** Up to the day on which the equity is gone. */
function returnsOf(equities: readonly number[]): number[] {
  const returns = equities.slice(1).map((equity, at) => equity / equities[at]! - 1);
  const end = returns.indexOf(-1);
  return end === -1 ? returns : returns.slice(0, end + 1);
}

function dailyReturns({ days }: RunPictures, capital: number): string {
  const values = returnsOf([capital, ...days.map(({ equity }) => equity)]);
  const moved = values.filter((value) => value !== 0);
  if (moved.length < 2) return note("One day has no distribution.");
  const chart = histogram({ title: "Return of a day", values: moved, name: "of the equity" });
  const still = values.length - moved.length;
  return still === 0
    ? chart
    : chart + note(`Without the ${still} days on which the equity did not move.`);
}

function rollingSharpe({ days }: RunPictures, capital: number): string {
  const returns = returnsOf([capital, ...days.map(({ equity }) => equity)]);
  if (returns.length < DAILY_SAMPLES_MIN) {
    return note(`${returns.length} daily samples; at least ${DAILY_SAMPLES_MIN} are needed.`);
  }
  const timesMs: number[] = [];
  const values: number[] = [];
  for (let end = DAILY_SAMPLES_MIN; end <= returns.length; end += 1) {
    const moments = createMoments();
    for (const value of returns.slice(end - DAILY_SAMPLES_MIN, end)) addToMoments(moments, value);
    const deviation = deviationOf(moments);
    timesMs.push(Date.parse(days[end - 1]!.day));
    values.push(deviation > 0 ? (moments.mean / deviation) * Math.sqrt(DAYS_PER_YEAR) : Number.NaN);
  }
  const plot = { width: 470, height: 240, left: 48, right: 12, top: 12, bottom: 26 };
  return timeChart({ title: "Sharpe", timesMs, lines: [{ style: "own", values }], plot });
}

function market({ market: shown, timesMs, trades }: RunPictures): string {
  if (shown === null) return "";
  const own = trades.filter(({ asset }) => asset === shown.asset);
  const [first = 0, last = 0] = [timesMs[0], timesMs.at(-1)];
  const marked = own
    .filter((trade) => first <= trade.enteredAtMs && trade.exitedAtMs <= last)
    .slice(-MARKED_TRADES_MAX);
  const markers = marked.flatMap((trade): ChartMarker[] => {
    const title = `${trade.direction} ${trade.exitReason} ${signedPercent(returnOf(trade))}`;
    const isLong = trade.direction === "long";
    return [
      {
        timeMs: trade.enteredAtMs,
        value: trade.entryPrice,
        style: isLong ? "in-long" : "in-short",
        shape: isLong ? "up" : "down",
        title,
      },
      { timeMs: trade.exitedAtMs, value: trade.exitPrice, style: "out", shape: "cross", title },
    ];
  });
  const lines = [{ style: "price", values: shown.prices }];
  const chart = timeChart({ title: `Price of ${shown.asset}`, timesMs, lines, markers });
  const said =
    marked.length < own.length
      ? `the last ${marked.length} of its trades`
      : `its ${own.length} trades`;
  return card(
    `${shown.asset}, traded most`,
    chart +
      note(`Triangles are entries, up for long and down for short; crosses are exits: ${said}.`),
  );
}
