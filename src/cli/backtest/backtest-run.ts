/** `dolphin backtest run`: one strategy over the archive, with a tear sheet. */
import { join } from "node:path";
import type { Command } from "commander";
import { countScansAbout } from "../../adapters/backtest/count-scans.ts";
import { runBacktest } from "../../adapters/backtest/run-backtest.ts";
import { REPORT_FILE, SHEET_FILE, TRADES_FILE } from "../../adapters/backtest/run-folder.ts";
import { messageOf } from "../../domain/failure.ts";
import { number, percent, signedPercent, span } from "../../wire/tear-sheet/figures.ts";
import type { RunRecord } from "../../wire/tear-sheet/run-record.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { printable } from "../rendering/terminal.ts";
import { NO_PROGRESS, openProgressLine } from "./progress-line.ts";
import {
  addRunOptions,
  placeOf,
  rangeFrom,
  settingsFrom,
  strategyFrom,
  type RunOptions,
} from "./run-options.ts";

const HELP = `
Writes report.json, trades.csv and tear-sheet.html (one file, nothing from a network) to --out.
The result hash follows from data, strategy, parameters, settings, code and seed, and from nothing
else; a ratio from fewer than 30 days is null, with the reason.

Exit 0: done. Exit 1: the archive could not be read, or has no scans. Exit 64: bad usage.
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
  if (!options.local) throw notYet("run");
  const { config } = openContext(command, { archive: options.archive });
  const settings = settingsFrom(options);
  const range = rangeFrom(options, config);
  const strategy = await strategyFrom(options, settings);
  const question = { range, settings, strategy: strategy.source };
  const place = placeOf(options, { config, strategy, question });
  const isWatched = process.stderr.isTTY && !options.json;
  const progress = isWatched ? openProgressLine("scans", countScansAbout(range)) : NO_PROGRESS;
  let record: RunRecord;
  try {
    record = await runBacktest(
      { ...place, range, settings, strategy },
      {
        onProgress: progress.note,
        onProblem: sayProblem,
        signal: stopOnInterrupt(),
      },
    );
  } catch (error) {
    throw new CliError(printable(messageOf(error)));
  } finally {
    progress.end();
  }
  const files = {
    report: join(place.out, REPORT_FILE),
    trades: join(place.out, TRADES_FILE),
    tear_sheet: join(place.out, SHEET_FILE),
  };
  process.stdout.write(
    options.json ? `${JSON.stringify({ ...record, files }, null, 2)}\n` : summaryOf(record, files),
  );
}

export function notYet(verb: string): CliError {
  return new CliError(
    `'dolphin backtest ${verb}' runs in this process only: add --local`,
    EXIT_USAGE,
  );
}

export function sayProblem(problem: string): void {
  process.stderr.write(`dolphin: ${printable(problem)}\n`);
}

export function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("stopped; nothing of this run is kept")));
  return stop.signal;
}

function summaryOf(
  { report, timing, costs }: RunRecord,
  files: Readonly<Record<string, string>>,
): string {
  const { returns, risk, trades, run } = report;
  const withoutCosts = costs.find(({ factor }) => factor === 0)?.total ?? null;
  const rows = [
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
    ["result hash", report.resultHash],
    ...Object.entries(files).map(([name, path]) => [name.replace("_", " "), printable(path)]),
  ];
  return `${aligned(rows).join("\n")}\n`;
}
