/** One run as one HTML file: figures, pictures, tables. */
import { latchedText, ruinText } from "../domain/backtest/loss-watch.ts";
import type { RunPictures } from "../domain/backtest/run-trace.ts";
import type { Margin } from "../domain/trading/margin/margin-terms.ts";
import type { FillConvention } from "../domain/trading/broker/paper-broker.ts";
import type { TradeGroup } from "../domain/backtest/trade-tally.ts";
import { isoFromMicros, US_PER_MS } from "../domain/time.ts";
import type { PassCounts } from "../wire/backtest/run-checkpoint.ts";
import { differenceText } from "../wire/backtest/book-run.ts";
import { forewarnCard } from "./forewarn/forewarn-card.ts";
import { number, percent, signedPercent, span } from "./figures.ts";
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
import { runPictures } from "./run-pictures.ts";
import type { BacktestRecord } from "./run-record.ts";

const DIFFERENCES_MAX = 100;

export function tearSheet(record: BacktestRecord, pictures: RunPictures): string {
  const { report, name, settings } = record;
  const { run, risk } = report;
  const period = `${dateTime(run.firstMs)} to ${dateTime(run.lastMs)}`;
  const parameters = Object.entries(run.parameters).map(
    ([key, value]) => [key, String(value)] as const,
  );
  const body = [
    heading(name, `${run.strategy}, ${period} UTC, ${number(run.scans, 0)} scans`),
    summary(record),
    warnings("Before the figures", runWarnings(record)),
    runPictures(pictures, settings.capital),
    forewarnCard(record, pictures),
    pair(
      card("Return", facts(returnRows(record))),
      card("Risk", facts(riskRows(record)) + reasonOf(risk.reason)),
    ),
    card("Trades", tradeFacts(record)),
    groups("By exit reason", "reason", report.trades.byExitReason),
    groups("By asset", "asset", report.trades.byAsset),
    card("Effect of costs", costTable(record)),
    pair(
      card("Rejected signals", rejected(record)),
      card("Left open at the end", leftOpen(record)),
    ),
    pair(card("Run", facts(runRows(record))), card("Parameters", facts(parameters))),
  ];
  return page(`${name}: backtest`, body.join(""));
}

function summary({ report }: BacktestRecord): string {
  const { returns, risk, trades } = report;
  return tiles([
    {
      name: "Total return",
      value: signedPercent(returns.total),
      tone: returns.total < 0 ? "bad" : "good",
    },
    { name: "Buy and hold", value: signedPercent(returns.buyAndHold) },
    { name: "Max drawdown", value: percent(risk.drawdownMax) },
    { name: "Sharpe", value: number(risk.sharpe) },
    { name: "Trades", value: number(trades.count, 0) },
    { name: "Win rate", value: percent(trades.winRate, 1) },
    { name: "Profit factor", value: number(trades.profitFactor) },
  ]);
}

type Warned = { readonly report: BacktestRecord["report"]; readonly read: PassCounts };

/** What changed or ended the figures, listed first. */
export function runWarnings({ report, read }: Warned): Warning[] {
  const { trades, limits } = report;
  const ruin = ruinText(limits);
  const latched = latchedText(limits);
  const delisted = trades.byExitReason["delisted"];
  const order = orderText(read);
  const unpriced = trades.leftOpen.filter(({ noPriceSinceMs }) => noPriceSinceMs !== null);
  return [
    ruin === null ? [] : { name: "Margin", text: ruinSentence(ruin, report), isGrave: true },
    latched === null
      ? []
      : { name: "Limits", text: limitsSentence(latched, report), isGrave: limits.areEnforced },
    delisted === undefined ? [] : { name: "Delisted", text: delistedText(delisted) },
    unpriced.length === 0
      ? []
      : {
          name: "No price",
          text: `At the end no scan had a price of ${unpriced.map(({ asset }) => asset).join(", ")}: left open at the last known price.`,
        },
    order === null ? [] : { name: "Order and clocks", text: sentence(order) },
    read.refused === 0
      ? []
      : { name: "Files", text: `${number(read.refused, 0)} were refused: see the run's problems.` },
  ].flat();
}

function ruinSentence(text: string, { limits, trades }: BacktestRecord["report"]): string {
  const pnl = number(trades.byExitReason["liquidated"]?.pnl ?? 0);
  const end =
    limits.bankruptDay === undefined
      ? ""
      : " The equity was gone: the run and its figures end there.";
  return `${sentence(text)}: pnl ${pnl}.${end}`;
}

/** Also used for a summary on a terminal. */
export function delistedText({ count, pnl }: Readonly<TradeGroup>): string {
  const what = count === 1 ? "1 position was" : `${number(count, 0)} positions were`;
  return `${what} written off, because scans no longer had a price of their asset: pnl ${number(pnl)}.`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function limitsSentence(text: string, { limits }: BacktestRecord["report"]): string {
  return limits.areEnforced
    ? `The run was ${text}: the time after it has no trades, but is part of every ratio.`
    : `The run has no limits. A book ${text}, and would not have traded again until it was resumed.`;
}

type Rows = readonly (readonly [string, string])[];

function returnRows({ report }: BacktestRecord): Rows {
  const { returns, risk } = report;
  return [
    ["Start", number(returns.start)],
    ["End, cash", number(returns.end)],
    ["End, with open positions", number(returns.endEquity)],
    ["Peak", number(returns.peak)],
    ["Lowest", number(returns.lowest)],
    ["Total", signedPercent(returns.total)],
    ["CAGR", signedPercent(risk.cagr)],
    ["Buy and hold", signedPercent(returns.buyAndHold)],
    ["Fees", number(returns.fees)],
    ...paid("Of them interest", returns.borrowCost),
    ...paid("Funding (paid below zero)", returns.funding),
    ["Volume", number(returns.volume)],
  ];
}

/** Empty for most runs. */
function paid(name: string, amount: number | undefined): Rows {
  return amount === undefined || amount === 0 ? [] : [[name, number(amount)]];
}

function riskRows({ report: { risk } }: BacktestRecord): Rows {
  return [
    ["Volatility, a year", percent(risk.volatility)],
    ["Sharpe", number(risk.sharpe)],
    ["Sortino", number(risk.sortino)],
    ["Calmar", number(risk.calmar)],
    ["Omega", number(risk.omega)],
    ["Max drawdown", percent(risk.drawdownMax)],
    ["Average drawdown", percent(risk.drawdownAverage)],
    ["Longest drawdown", span(risk.drawdownLongestMs)],
    ["Average drawdown's length", span(risk.drawdownAverageMs)],
    ["Value at risk, a day, 95 %", percent(risk.valueAtRisk)],
    ["Conditional value at risk", percent(risk.conditionalValueAtRisk)],
    ["Ulcer index", percent(risk.ulcerIndex)],
    ["Skew", number(risk.skew)],
    ["Excess kurtosis", number(risk.excessKurtosis)],
    ["Tail ratio", number(risk.tailRatio)],
  ];
}

function reasonOf(reason: string | null): string {
  const how = "Annualised over 365 days, sampled daily, marked to market at every scan.";
  return note(reason === null ? how : `Ratios are left out: ${reason}. ${how}`);
}

function tradeFacts({ report: { trades } }: BacktestRecord): string {
  const left: Rows = [
    ["Trades", number(trades.count, 0)],
    ["Long / short", `${number(trades.long, 0)} / ${number(trades.short, 0)}`],
    ["Win rate", percent(trades.winRate, 1)],
    ["Best", number(trades.best)],
    ["Worst", number(trades.worst)],
    ["Average (expectancy)", number(trades.expectancy)],
    ["Payoff", number(trades.payoff)],
    ["Profit factor", number(trades.profitFactor)],
    ["System quality (SQN)", number(trades.systemQuality)],
  ];
  const right: Rows = [
    ["Kelly", percent(trades.kelly, 1)],
    ["Longest run of wins", number(trades.streakWinsMax, 0)],
    ["Longest run of losses", number(trades.streakLossesMax, 0)],
    ["Average hold", `${number(trades.heldScansAverage, 1)} scans, ${span(trades.heldMsAverage)}`],
    ["Longest hold", `${number(trades.heldScansMax, 0)} scans`],
    ["Average worst mark (MAE)", percent(trades.adverseAverage)],
    ["Worst mark", percent(trades.adverseWorst)],
    ["Average best mark (MFE)", percent(trades.favourableAverage)],
    ["Exposure", percent(trades.exposure, 1)],
  ];
  return `<div class="pair">${facts(left)}${facts(right)}</div>`;
}

function groups(
  title: string,
  name: string,
  all: Readonly<Record<string, Readonly<TradeGroup>>>,
): string {
  const rows = Object.entries(all)
    .toSorted(([, a], [, b]) => b.count - a.count)
    .map(([key, { count, wins, pnl, fees }]) => [
      key,
      number(count, 0),
      percent(wins / count, 1),
      number(pnl),
      number(pnl / count),
      number(fees),
    ]);
  if (rows.length === 0) return "";
  return card(title, table([name, "trades", "win rate", "pnl", "average", "fees"], rows));
}

function costTable({ costs }: BacktestRecord): string {
  const rows = costs.map((cost) => [
    `${cost.factor}× fees and slippage`,
    signedPercent(cost.total),
    number(cost.fees),
    number(cost.trades, 0),
    percent(cost.winRate, 1),
    number(cost.sharpe),
    percent(cost.drawdownMax),
    cost.latched ?? "",
  ]);
  const heads = ["", "total", "fees", "trades", "win rate", "Sharpe", "max drawdown", "limits"];
  return table(heads, rows);
}

function rejected({ report }: BacktestRecord): string {
  const rows = Object.entries(report.trades.rejectedSignals);
  if (rows.length === 0) return note("None: every signal became an order.");
  return facts(rows.map(([reason, count]) => [reason, number(count, 0)] as const));
}

function leftOpen({ report }: BacktestRecord): string {
  const { leftOpen: open } = report.trades;
  if (open.length === 0) return note("Nothing.");
  const rows = open.map((position) => [
    position.asset,
    position.direction,
    number(position.quantity, 4),
    number(position.entryPrice, 4),
    number(position.mark, 4),
    number(position.unrealized),
    number(position.liquidationPrice ?? null, 4),
  ]);
  const heads = ["asset", "", "quantity", "entry", "mark", "unrealized", "liquidated at"];
  return table(heads, rows);
}

function runRows({
  report: { run, resultHash },
  archive,
  read,
  timing,
  settings,
  differsFromBook,
}: BacktestRecord): Rows {
  return [
    ["Archive", archive],
    ["Data hash", run.dataHash],
    ["Code version", run.codeVersion],
    ["Result hash", resultHash],
    ["Seed", String(run.seed)],
    ["Fills", conventionText(run.convention)],
    ["Book", differenceText(differsFromBook, DIFFERENCES_MAX)],
    ["Margin", marginText(settings.margin)],
    ["Posture", `${settings.posture}, configured`],
    ["Fees / slippage, a side", `${run.feeBps} / ${run.slippageBps} bps`],
    ["Refused files / duplicates", `${number(read.refused, 0)} / ${number(read.duplicates, 0)}`],
    ["Order and clocks", orderText(read) ?? "as they lay"],
    ["Wall time", `${span(timing.wallMs)}, ${number(timing.scansPerS, 0)} scans/s`],
  ];
}

/** Reports from before margin have none. */
export function marginText(margin: Margin | null | undefined): string {
  if (margin === null || margin === undefined) return "none";
  const { leverage, maintenanceRate, borrowRate } = margin.terms;
  const others = Object.keys(margin.byAsset).length;
  return [
    `${margin.mode}, leverage ${leverage}, maintenance ${percent(maintenanceRate)}`,
    borrowRate === 0 ? [] : `${percent(borrowRate)} a year on what is borrowed`,
    others === 0 ? [] : `other terms for ${others} assets`,
  ]
    .flat()
    .join(", ");
}

export function conventionText(convention: FillConvention): string {
  switch (convention.kind) {
    case "same_scan":
    case "next_scan":
      return convention.kind;
    case "latency":
      return `latency ${convention.latencyMs} ms`;
  }
}

function dateTime(ms: number | null): string {
  return ms === null
    ? "–"
    : isoFromMicros(ms * US_PER_MS)
        .slice(0, 16)
        .replace("T", " ");
}
