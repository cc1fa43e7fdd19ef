/** `dolphin backtest run`: one strategy over the archive, with a tear sheet. */
import { join } from "node:path";
import type { Command } from "commander";
import { countScansAbout } from "../../adapters/backtest/count-scans.ts";
import { runBacktest, type BacktestJob } from "../../adapters/backtest/run-backtest.ts";
import { REPORT_FILE, SHEET_FILE, TRADES_FILE } from "../../adapters/backtest/run-folder.ts";
import { messageOf } from "../../domain/failure.ts";
import { number, percent, signedPercent, span } from "../../wire/tear-sheet/figures.ts";
import type { RunRecord } from "../../wire/tear-sheet/run-record.ts";
import { BACKTEST } from "../../workflows/names.ts";
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
  const settings = settingsFrom(options);
  const range = rangeFrom(options, config);
  const strategy = await strategyFrom(options, settings);
  const question = { range, settings, strategy: strategy.source };
  const place = placeOf(options, { config, strategy, question });
  if (options.local) {
    const text = await runLocally({ ...place, range, settings, strategy }, options.json);
    print(text, runFiles(place.out), options.json);
    return;
  }
  expectNoOut(options);
  // Temporal's client costs a third of the memory and time of a local run.
  const { inputOf, runThroughTemporal } = await import("./through-temporal.ts");
  const input = inputOf({ range, settings, strategy, name: place.name });
  const isWatched = process.stderr.isTTY && !options.json;
  const order = { workflow: BACKTEST, name: place.name, input, isWatched };
  const { reference, text } = await runThroughTemporal(context, order);
  print(text, runFiles(reference.folder), options.json);
}

async function runLocally(job: BacktestJob, json: boolean): Promise<string> {
  const isWatched = process.stderr.isTTY && !json;
  const progress = isWatched ? openProgressLine("scans", countScansAbout(job.range)) : NO_PROGRESS;
  try {
    const record = await runBacktest(job, {
      onProgress: progress.note,
      onProblem: sayProblem,
      signal: stopOnInterrupt(),
    });
    return JSON.stringify(record);
  } catch (error) {
    throw new CliError(printable(messageOf(error)));
  } finally {
    progress.end();
  }
}

function print(text: string, files: Files, json: boolean): void {
  const record: RunRecord = JSON.parse(text);
  process.stdout.write(
    json ? `${JSON.stringify({ ...record, files }, null, 2)}\n` : runSummary(text, files),
  );
}

type Files = Readonly<Record<string, string>>;

export function runFiles(out: string): Files {
  return {
    report: join(out, REPORT_FILE),
    trades: join(out, TRADES_FILE),
    tear_sheet: join(out, SHEET_FILE),
  };
}

/** A worker's files go where the worker keeps them. */
export function expectNoOut({ out }: RunOptions): void {
  if (out !== undefined) throw new CliError("--out goes with --local only", EXIT_USAGE);
}

export function sayProblem(problem: string): void {
  process.stderr.write(`dolphin: ${printable(problem)}\n`);
}

export function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("stopped; nothing of this run is kept")));
  return stop.signal;
}

/** `text` is that of a report's file. */
export function runSummary(text: string, files: Files): string {
  const { report, timing, costs }: RunRecord = JSON.parse(text);
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
