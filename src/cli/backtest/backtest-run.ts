/** `dolphin backtest run`: one strategy over the archive, with a tear sheet. */
import { join } from "node:path";
import type { Command } from "commander";
import { runBacktest } from "../../adapters/backtest/run-backtest.ts";
import { REPORT_FILE, SHEET_FILE, TRADES_FILE } from "../../adapters/backtest/run-folder.ts";
import { number, percent, signedPercent, span } from "../../wire/tear-sheet/figures.ts";
import type { RunRecord } from "../../wire/tear-sheet/run-record.ts";
import { BACKTEST } from "../../workflows/names.ts";
import { openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { printable } from "../rendering/terminal.ts";
import { expectNoOut, type Files, printRecord, runLocally } from "./local-run.ts";
import {
  addRunOptions,
  placeOf,
  rangeFrom,
  settingsFrom,
  strategyFrom,
  type RunOptions,
} from "./run-options.ts";

const HELP = `
Through the batch workers ('dolphin worker batch', or a running 'dolphin up'), or in this process with
--local. Writes report.json, trades.csv and tear-sheet.html (one file, nothing from a network).
The result hash follows from data, strategy, parameters, settings, code and seed, and from nothing
else; a ratio from fewer than 30 days is null, with the reason.

Exit 0: done. Exit 1: the archive could not be read, or has no scans. Exit 3: Temporal does
not answer. Exit 64: bad usage.
--json prints what report.json holds, and files {report, trades, tear_sheet}.`;

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
  const settings = settingsFrom(options);
  const range = rangeFrom(options, config);
  const strategy = await strategyFrom(options, settings);
  const question = { range, settings, strategy: strategy.source };
  const place = placeOf(options, { config, strategy, question });
  if (options.local) {
    const job = { ...place, range, settings, strategy };
    const text = await runLocally(range, json, (hooks) => runBacktest(job, hooks));
    printRecord({ text, files: runFiles(place.out), json }, runSummary);
    return;
  }
  expectNoOut(options);
  // Temporal's client costs a third of the memory and time of a local run.
  const { inputOf, runThroughTemporal } = await import("./through-temporal.ts");
  const input = inputOf({ range, settings, strategy, name: place.name });
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

/** `text` is that of a report's file. */
export function runSummary(text: string, files: Files): string {
  const { report, timing, costs, settings }: RunRecord = JSON.parse(text);
  const { returns, risk, trades, run } = report;
  const withoutCosts = costs.find(({ factor }) => factor === 0)?.total ?? null;
  const named = Object.entries(settings.parameters).map(([name, value]) => `${name}=${value}`);
  const rows = [
    ["strategy", printable([run.strategy, ...named].join(" "))],
    ["scans", `${number(run.scans, 0)} in ${span(timing.wallMs)}`],
    [
      "total",
      `${signedPercent(returns.total)} (buy and hold ${signedPercent(returns.buyAndHold)}, free of cost ${signedPercent(withoutCosts)})`,
    ],
    [
      "equity",
      `${number(returns.start)} to ${number(returns.endEquity)}, fees ${number(returns.fees)}`,
    ],
    ["drawdown", percent(risk.drawdownMax)],
    ["Sharpe", risk.sharpe === null ? (risk.reason ?? "not defined") : number(risk.sharpe)],
    [
      "trades",
      `${number(trades.count, 0)} (${trades.long} long), ${percent(trades.winRate, 1)} won`,
    ],
    ...refusedRow(trades.rejectedSignals),
    ["result hash", report.resultHash],
    ...Object.entries(files).map(([name, path]) => [name.replace("_", " "), printable(path)]),
  ];
  return `${aligned(rows).join("\n")}\n`;
}

/** A latched limit ends the trading of a run: what stopped it is not to be guessed. */
function refusedRow(signals: Readonly<Record<string, number>>): [string, string][] {
  const counts = Object.entries(signals).toSorted(([, one], [, other]) => other - one);
  if (counts.length === 0) return [];
  const words = counts.map(([reason, count]) => `${number(count, 0)} ${reason}`);
  return [["refused", `signals: ${words.join(", ")}`]];
}
