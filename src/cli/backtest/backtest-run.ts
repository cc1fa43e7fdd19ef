/** `dolphin backtest run`: one strategy over the archive, with a tear sheet. */
import { join } from "node:path";
import type { Command } from "commander";
import { runBacktest } from "../../operations/backtest/run-backtest.ts";
import { REPORT_FILE, SHEET_FILE, TRADES_FILE } from "../../operations/backtest/run-folder.ts";
import { latchedText, ruinText } from "../../domain/backtest/loss-watch.ts";
import { differenceText } from "../../wire/backtest/book-run.ts";
import { number, percent, signedPercent, span } from "../../reports/figures.ts";
import { orderText } from "../../reports/order-text.ts";
import { delistedText } from "../../reports/tear-sheet.ts";
import type { PassCounts } from "../../wire/backtest/run-checkpoint.ts";
import type { BacktestRecord } from "../../reports/run-record.ts";
import { BACKTEST } from "../../workflows/names.ts";
import { openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { printable } from "../rendering/terminal.ts";
import { expectNoOut, type Files, printRecord, runLocally } from "./local-run.ts";
import { addRunOptions, askedFrom, placeOf, rangeFrom, type RunOptions } from "./run-options.ts";

const DIFFERENCES_MAX = 8;

const HELP = `
Runs on the batch workers ('dolphin worker batch', or a running 'dolphin up'), or in this process with
--local. Writes report.json, trades.csv and tear-sheet.html (one file that loads nothing from a network).
The result hash depends on data, strategy, parameters, settings, code and seed only. A ratio from fewer
than 30 days is null, with the reason.

Exit 0: done. Exit 1: the archive could not be read, or has no scans. Exit 3: Temporal does
not answer. Exit 64: wrong usage.
--json prints the content of report.json, and files {report, trades, tear_sheet}.`;

export function addRunCommand(backtest: Command): void {
  addRunOptions(backtest.command("run"))
    .description("one strategy over the archive: report, trades and tear sheet")
    .option("--local", "in this process, without any server", false)
    .addHelpText("after", HELP)
    .action(runCommand);
}

async function runCommand(
  options: RunOptions & { readonly local: boolean },
  command: Command,
): Promise<void> {
  const context = openContext(command, { archive: options.archive });
  const { config } = context;
  const { json } = options;
  const { strategy, ...run } = await askedFrom(options, config);
  const { settings, differsFromBook } = run;
  const range = rangeFrom(options, config);
  const question = { range, settings, strategy: strategy.source };
  const place = placeOf(options, { config, strategy, question });
  if (options.local) {
    const job = { ...place, range, settings, differsFromBook, strategy };
    const text = await runLocally(range, json, (hooks) => runBacktest(job, hooks));
    printRecord({ text, files: runFiles(place.out), json }, runSummary);
    return;
  }
  expectNoOut(options);
  // Temporal's client costs a third of the memory and time of a local run.
  const { batchInputOf, runThroughTemporal } = await import("./through-temporal.ts");
  const input = batchInputOf({ range, run, strategy, name: place.name });
  const isWatched = process.stderr.isTTY && !json;
  const order = { workflow: BACKTEST, name: place.name, input, isWatched };
  const { reference, text } = await runThroughTemporal(context, order);
  printRecord({ text, files: runFiles(reference.folder), json }, runSummary);
}

export function runFiles(out: string): Files {
  return {
    report: join(out, REPORT_FILE),
    trades: join(out, TRADES_FILE),
    tear_sheet: join(out, SHEET_FILE),
  };
}

/** `text`: of a report file. */
export function runSummary(text: string, files: Files): string {
  const { report, timing, costs, settings, differsFromBook, read }: BacktestRecord =
    JSON.parse(text);
  const { returns, risk, trades, run } = report;
  const withoutCosts = costs.find(({ factor }) => factor === 0)?.total ?? null;
  const named = Object.entries(settings.parameters).map(([name, value]) => `${name}=${value}`);
  const rows = [
    ["strategy", printable([run.strategy, ...named].join(" "))],
    ["scans", `${number(run.scans, 0)} in ${span(timing.wallMs)}`],
    [
      "total",
      `${signedPercent(returns.total)} (buy and hold ${signedPercent(returns.buyAndHold)}, without costs ${signedPercent(withoutCosts)})`,
    ],
    [
      "equity",
      `${number(returns.start)} to ${number(returns.endEquity)}, fees ${number(returns.fees)}${carryText(returns)}`,
    ],
    ...bookRow(differsFromBook),
    ...orderRow(read),
    ...ruinRow(report),
    ...limitsRow(report),
    ["drawdown", percent(risk.drawdownMax)],
    ["Sharpe", risk.sharpe === null ? (risk.reason ?? "not defined") : number(risk.sharpe)],
    [
      "trades",
      `${number(trades.count, 0)} (${trades.long} long), ${percent(trades.winRate, 1)} won`,
    ],
    ...delistedRow(trades.byExitReason["delisted"]),
    ...refusedRow(trades.rejectedSignals),
    ["result hash", report.resultHash],
    ...Object.entries(files).map(([name, path]) => [name.replace("_", " "), printable(path)]),
  ];
  return `${aligned(rows).join("\n")}\n`;
}

/** Scans that were reordered, and timestamps that were rejected. */
export function orderRow(read: PassCounts | undefined) {
  const text = read === undefined ? null : orderText(read);
  return text === null ? [] : [["order", text]];
}

/** Differences to the trader's configuration; empty for an older report without them. */
export function bookRow(differences: BacktestRecord["differsFromBook"] | undefined) {
  if (differences === undefined) return [];
  return [["book", printable(differenceText(differences, DIFFERENCES_MAX))]];
}

/** Empty for most runs. */
function carryText({ borrowCost = 0, funding = 0 }: BacktestRecord["report"]["returns"]): string {
  const interest = borrowCost === 0 ? "" : ` (${number(borrowCost)} of them interest)`;
  const paid = funding === 0 ? "" : `, funding ${number(funding)}`;
  return interest + paid;
}

/** Liquidations and bankruptcy. */
function ruinRow({ limits, trades }: BacktestRecord["report"]): [string, string][] {
  const text = ruinText(limits);
  if (text === null) return [];
  const pnl = trades.byExitReason["liquidated"]?.pnl ?? 0;
  return [["margin", `${text}, pnl ${number(pnl)}`]];
}

/** A limit that stopped the run, or would have: important for reading the figures. */
export function limitsRow({ limits }: BacktestRecord["report"]): [string, string][] {
  const text = latchedText(limits);
  return text === null ? [] : [["limits", text]];
}

/** Positions that were written off. */
function delistedRow(delisted: Parameters<typeof delistedText>[0] | undefined) {
  return delisted === undefined ? [] : [["delisted", delistedText(delisted)]];
}

/** Refused signals by reason: a latched limit ends the trading of a run. */
function refusedRow(signals: Readonly<Record<string, number>>): [string, string][] {
  const counts = Object.entries(signals).toSorted(([, one], [, other]) => other - one);
  if (counts.length === 0) return [];
  const words = counts.map(([reason, count]) => `${number(count, 0)} ${reason}`);
  return [["refused", `signals: ${words.join(", ")}`]];
}
