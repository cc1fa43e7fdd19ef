/** A sweep as one HTML file: the grid as heatmaps, the best sets, and the walk forward. */
import { sweepGrid } from "../domain/backtest/sweep/sweep-grid.ts";
import { differenceText } from "../wire/backtest/book-run.ts";
import { timeChart } from "./charts.ts";
import { number, percent, signedPercent, span } from "./figures.ts";
import { heatmap } from "./heatmap.ts";
import { orderText } from "./order-text.ts";
import {
  card,
  facts,
  heading,
  note,
  page,
  pair,
  table,
  tiles,
  warnings,
  type Warning,
} from "./page.ts";
import { runWarnings } from "./tear-sheet.ts";
import type { SweepRecord, SweepRow, WalkForwardRecord } from "./sweep-record.ts";

const SETS_SHOWN = 20;
const DIFFERENCES_MAX = 100;

export function sweepSheet(record: SweepRecord): string {
  const { name, best, trials, walkForward } = record;
  const { run } = best.report;
  const body = [
    heading(
      name,
      `${run.strategy}, ${trials} sets of parameters, ${number(run.scans, 0)} scans each`,
    ),
    summary(record),
    warnings("Before the figures", sweepWarnings(record)),
    card(`By set: ${titleOf(record)}`, grid(record)),
    walkForward === null
      ? ""
      : card("Walked forward", forward(walkForward, record.settings.capital)),
    card("Best sets", bestSets(record)),
    pair(card("Best of how many", luck(record)), card("Sweep", facts(sweepRows(record)))),
  ];
  return page(`${name}: sweep`, body.join(""));
}

function sweepWarnings({ best, sets, read }: SweepRecord): Warning[] {
  const ruined = sets.filter(({ total }) => total <= -1).length;
  const latched = sets.filter((row) => row.latched !== null).length;
  const all = number(sets.length, 0);
  return [
    ruined === 0
      ? []
      : {
          name: "Ruined",
          text: `${number(ruined, 0)} of ${all} sets lost everything.`,
          isGrave: true,
        },
    latched === 0
      ? []
      : {
          name: "Limits, margin",
          text: `${number(latched, 0)} of ${all} sets were stopped or liquidated, or would have latched in a book: see limits.`,
        },
    runWarnings({ report: best.report, read }).map((one) => ({
      ...one,
      name: `Best set: ${one.name.toLowerCase()}`,
    })),
  ].flat();
}

function titleOf({ objective }: SweepRecord): string {
  return objective === "sharpe" ? "Sharpe ratio" : "total return, %";
}

function summary({ best, trials, deflatedSharpe, walkForward }: SweepRecord): string {
  const { returns, risk, trades } = best.report;
  const forwardTotal = walkForward?.stitched.total ?? null;
  return tiles([
    { name: "Sets tried", value: number(trials, 0) },
    {
      name: "Best: total return",
      value: signedPercent(returns.total),
      tone: toneOf(returns.total),
    },
    { name: "Best: Sharpe", value: number(risk.sharpe) },
    { name: "Deflated Sharpe", value: percent(deflatedSharpe.probability, 1) },
    { name: "Best: trades", value: number(trades.count, 0) },
    ...(forwardTotal === null
      ? []
      : [
          { name: "Out of sample", value: signedPercent(forwardTotal), tone: toneOf(forwardTotal) },
        ]),
  ]);
}

function toneOf(value: number): "good" | "bad" {
  return value < 0 ? "bad" : "good";
}

function grid(record: SweepRecord): string {
  const { down, across, cells, best, held } = sweepGrid(record);
  const share = record.objective === "sharpe" ? 1 : 100;
  const rows = (down === null ? [""] : down.values).map((value, at) => ({
    name: String(value),
    cells: cells[at]!.map((cell) => (cell === null ? null : cell * share)),
  }));
  const corner = down === null ? across.name : `${down.name} \\ ${across.name}`;
  const columns = across.values.map(String);
  const map = heatmap({ corner, columns, rows, text: (value) => number(value), best });
  if (held.length === 0) return map;
  const fixed = held.map(({ name, value }) => `${name} = ${value}`).join(", ");
  return map + note(`With ${fixed}, as in the best set.`);
}

function bestSets({ sets, axes }: SweepRecord): string {
  const ranked = sets.toSorted((a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity));
  const rows = ranked
    .slice(0, SETS_SHOWN)
    .map((row: SweepRow) => [
      axes.map(({ name }) => `${name} ${String(row.set[name])}`).join(", "),
      signedPercent(row.total),
      number(row.sharpe),
      percent(row.drawdownMax),
      number(row.trades, 0),
      percent(row.winRate, 1),
      number(row.profitFactor),
      row.latched ?? "",
    ]);
  const heads = [
    "set",
    "total",
    "Sharpe",
    "max drawdown",
    "trades",
    "win rate",
    "profit factor",
    "limits",
  ];
  const rest = sets.length - rows.length;
  return table(heads, rows) + (0 < rest ? note(`${rest} more are in sets.csv.`) : "");
}

function luck({ deflatedSharpe, trials }: SweepRecord): string {
  const { reason, probability, expectedBest } = deflatedSharpe;
  if (reason !== null)
    return note(`${trials} sets were tried. No deflated Sharpe ratio: ${reason}.`);
  const rows = [
    ["Sets tried", number(trials, 0)],
    ["Deflated Sharpe ratio", percent(probability, 1)],
    ["Best daily ratio expected by chance", number(expectedBest, 3)],
  ] as const;
  return (
    facts(rows) +
    note(
      "The probability that the best set's true ratio is above that of the luckiest of as many sets without skill. Below 95 % it is not significant.",
    )
  );
}

function forward(
  { folds, stitched, trainDays, testDays }: WalkForwardRecord,
  capital: number,
): string {
  const days = stitched.days;
  const chart =
    days.length < 2
      ? note("One day has no curve.")
      : timeChart({
          title: "Equity out of sample",
          timesMs: days.map(({ day }) => Date.parse(day)),
          lines: [{ style: "own", values: days.map(({ equity }) => equity) }],
        });
  const rows = folds.map((fold) => [
    `${fold.testFrom} to ${fold.testTo}`,
    Object.entries(fold.chosen)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(", "),
    number(fold.trainScore, 3),
    signedPercent(fold.testTotal),
    number(fold.testTrades, 0),
    fold.testLatched ?? "",
  ]);
  return (
    chart +
    note(
      `Chosen on ${trainDays} days, traded on the next ${testDays}, joined end to end from ${number(capital)}: ${signedPercent(stitched.total)}, max drawdown ${percent(stitched.drawdownMax)}, Sharpe ${number(stitched.risk.sharpe)}.`,
    ) +
    table(["test", "chosen", "score before", "total", "trades", "limits"], rows)
  );
}

function sweepRows({ archive, best, resultHash, timing, settings, ...rest }: SweepRecord) {
  const { run } = best.report;
  return [
    ["Archive", archive],
    ["Data hash", run.dataHash],
    ["Code version", run.codeVersion],
    ["Result hash", resultHash],
    ["Book", differenceText(rest.differsFromBook, DIFFERENCES_MAX)],
    ["Fees / slippage, a side", `${settings.feeBps} / ${settings.slippageBps} bps`],
    ["Order and clocks", orderText(rest.read) ?? "as they lay"],
    ["Wall time", span(timing.wallMs)],
    ["Scans, all sets", `${number(timing.scansPerS, 0)} a second`],
  ] as const;
}
