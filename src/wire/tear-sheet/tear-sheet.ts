/** One run as one HTML file: figures, pictures, tables. */
import type { RunPictures } from "../../domain/backtest/run-trace.ts";
import type { FillConvention } from "../../domain/trading/broker/paper-broker.ts";
import type { TradeGroup } from "../../domain/statistics/trade-tally.ts";
import { isoFromMicros, US_PER_MS } from "../../domain/time.ts";
import { number, percent, signedPercent, span } from "./figures.ts";
import { card, facts, heading, note, page, pair, table, tiles } from "./page.ts";
import { runPictures } from "./run-pictures.ts";
import type { RunRecord } from "./run-record.ts";

export function tearSheet(record: RunRecord, pictures: RunPictures): string {
  const { report, name, settings } = record;
  const { run, risk } = report;
  const period = `${dateTime(run.firstMs)} to ${dateTime(run.lastMs)}`;
  const parameters = Object.entries(run.parameters).map(
    ([key, value]) => [key, String(value)] as const,
  );
  const body = [
    heading(name, `${run.strategy}, ${period} UTC, ${number(run.scans, 0)} scans`),
    summary(record),
    runPictures(pictures, settings.capital),
    pair(
      card("Return", facts(returnRows(record))),
      card("Risk", facts(riskRows(record)) + reasonOf(risk.reason)),
    ),
    card("Trades", tradeFacts(record)),
    groups("By exit reason", "reason", report.trades.byExitReason),
    groups("By asset", "asset", report.trades.byAsset),
    card("What costs do", costTable(record)),
    pair(
      card("Rejected signals", rejected(record)),
      card("Left open at the end", leftOpen(record)),
    ),
    pair(card("Run", facts(runRows(record))), card("Parameters", facts(parameters))),
  ];
  return page(`${name}: backtest`, body.join(""));
}

function summary({ report }: RunRecord): string {
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

type Rows = readonly (readonly [string, string])[];

function returnRows({ report }: RunRecord): Rows {
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
    ["Volume", number(returns.volume)],
  ];
}

function riskRows({ report: { risk } }: RunRecord): Rows {
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

function tradeFacts({ report: { trades } }: RunRecord): string {
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

function costTable({ costs }: RunRecord): string {
  const rows = costs.map((cost) => [
    `${cost.factor}× fees and slippage`,
    signedPercent(cost.total),
    number(cost.fees),
    number(cost.trades, 0),
    percent(cost.winRate, 1),
    number(cost.sharpe),
    percent(cost.drawdownMax),
  ]);
  return table(["", "total", "fees", "trades", "win rate", "Sharpe", "max drawdown"], rows);
}

function rejected({ report }: RunRecord): string {
  const rows = Object.entries(report.trades.rejectedSignals);
  if (rows.length === 0) return note("None: every signal became an order.");
  return facts(rows.map(([reason, count]) => [reason, number(count, 0)] as const));
}

function leftOpen({ report }: RunRecord): string {
  const { leftOpen: open } = report.trades;
  if (open.length === 0) return note("Nothing.");
  const rows = open.map(({ asset, direction, quantity, entryPrice, mark, unrealized }) => [
    asset,
    direction,
    number(quantity, 4),
    number(entryPrice, 4),
    number(mark, 4),
    number(unrealized),
  ]);
  return table(["asset", "", "quantity", "entry", "mark", "unrealized"], rows);
}

function runRows({
  report: { run, resultHash },
  archive,
  read,
  timing,
  settings,
}: RunRecord): Rows {
  return [
    ["Archive", archive],
    ["Data hash", run.dataHash],
    ["Code version", run.codeVersion],
    ["Result hash", resultHash],
    ["Seed", String(run.seed)],
    ["Fills", conventionText(run.convention)],
    ["Posture", `${settings.posture}, configured`],
    ["Fees / slippage, a side", `${run.feeBps} / ${run.slippageBps} bps`],
    ["Refused files / duplicates", `${number(read.refused, 0)} / ${number(read.duplicates, 0)}`],
    ["Scans whose clock was behind", number(read.backwards, 0)],
    ["Wall time", `${span(timing.wallMs)}, ${number(timing.scansPerS, 0)} scans/s`],
  ];
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
