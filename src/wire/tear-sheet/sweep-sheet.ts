/** A sweep as one HTML file: the grid as heatmaps, the best sets, and the walk forward. */
import type { GridAxis } from "../../domain/backtest/parameter-grid.ts";
import type { Parameters } from "../../domain/trading/strategy.ts";
import { timeChart } from "./charts.ts";
import { number, percent, signedPercent, span } from "./figures.ts";
import { heatmap } from "./heatmap.ts";
import { card, facts, heading, note, page, pair, table, tiles } from "./page.ts";
import type { SweepRecord, SweepRow, WalkForwardRecord } from "./sweep-record.ts";

const SETS_SHOWN = 20;

export function sweepSheet(record: SweepRecord): string {
  const { name, best, trials, walkForward } = record;
  const { run } = best.report;
  const body = [
    heading(
      name,
      `${run.strategy}, ${trials} sets of parameters, ${number(run.scans, 0)} scans each`,
    ),
    summary(record),
    card(`By set: ${titleOf(record)}`, grid(record)),
    walkForward === null
      ? ""
      : card("Walked forward", forward(walkForward, record.settings.capital)),
    card("Best sets", bestSets(record)),
    pair(card("Best of how many", luck(record)), card("Sweep", facts(sweepRows(record)))),
  ];
  return page(`${name}: sweep`, body.join(""));
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

/** The first two axes; of the others the best set's values. */
function grid({ axes, sets, best, objective }: SweepRecord): string {
  const chosen = sets[best.at]!.set;
  const [down, across] = axes.length === 1 ? [null, axes[0]!] : [axes[0]!, axes[1]!];
  const others = axes.slice(2);
  const bySet = new Map(sets.map((row) => [keyOf(axes, row.set), row]));
  const rows = (down === null ? [null] : down.values).map((value) => ({
    name: value === null ? "" : String(value),
    cells: across.values.map((other): number | null => {
      const own = down === null ? {} : { [down.name]: value! };
      const row = bySet.get(keyOf(axes, { ...chosen, ...own, [across.name]: other }));
      return row === undefined ? null : objective === "sharpe" ? row.sharpe : row.total * 100;
    }),
  }));
  const corner = down === null ? across.name : `${down.name} \\ ${across.name}`;
  const place: readonly [number, number] = [
    across.values.indexOf(chosen[across.name]!),
    down === null ? 0 : down.values.indexOf(chosen[down.name]!),
  ];
  const columns = across.values.map(String);
  const map = heatmap({ corner, columns, rows, text: (value) => number(value), best: place });
  if (others.length === 0) return map;
  const fixed = others.map((axis) => `${axis.name} = ${String(chosen[axis.name])}`).join(", ");
  return map + note(`With ${fixed}, as in the best set.`);
}

function keyOf(axes: readonly GridAxis[], set: Parameters): string {
  return axes.map(({ name }) => String(set[name])).join("\0");
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
    ]);
  const heads = ["set", "total", "Sharpe", "max drawdown", "trades", "win rate", "profit factor"];
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
    ["Best daily ratio expected of luck", number(expectedBest, 3)],
  ] as const;
  return (
    facts(rows) +
    note(
      "The probability that the best set's true ratio is above what the luckiest of as many sets without skill would show. Below 95 % it is no finding.",
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
  ]);
  return (
    chart +
    note(
      `Chosen on ${trainDays} days, traded on the ${testDays} that follow, put end to end from ${number(capital)}: ${signedPercent(stitched.total)}, max drawdown ${percent(stitched.drawdownMax)}, Sharpe ${number(stitched.risk.sharpe)}.`,
    ) +
    table(["test", "chosen", "score before", "total", "trades"], rows)
  );
}

function sweepRows({ archive, best, resultHash, timing, settings }: SweepRecord) {
  const { run } = best.report;
  return [
    ["Archive", archive],
    ["Data hash", run.dataHash],
    ["Code version", run.codeVersion],
    ["Result hash", resultHash],
    ["Fees / slippage, a side", `${settings.feeBps} / ${settings.slippageBps} bps`],
    ["Wall time", span(timing.wallMs)],
    ["Scans, all sets", `${number(timing.scansPerS, 0)} a second`],
  ] as const;
}
