/** `dolphin backtest sweep`: runs every set of a grid over the archive, with a walk forward of the choice. */
import { join } from "node:path";
import type { Command } from "commander";
import {
  SETS_FILE,
  SWEEP_FILE,
  SWEEP_SHEET_FILE,
} from "../../operations/backtest/sweep/conclude-sweep.ts";
import { runSweep } from "../../operations/backtest/sweep/run-sweep.ts";
import { setsOfGrid, type GridAxis } from "../../domain/backtest/sweep/parameter-grid.ts";
import type { Parameters } from "../../domain/trading/strategy.ts";
import { messageOf } from "../../domain/failure.ts";
import { number, percent, signedPercent, span } from "../../reports/figures.ts";
import type { SweepRecord } from "../../reports/sweep-record.ts";
import { BACKTEST_SWEEP } from "../../workflows/names.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { printable } from "../rendering/terminal.ts";
import { bookRow, limitsRow, orderRow } from "./backtest-run.ts";
import { wrong } from "./book-options.ts";
import { expectNoOut, type Files, printRecord, runLocally } from "./local-run.ts";
import {
  addRunOptions,
  askedFrom,
  collect,
  numberFrom,
  placeOf,
  rangeFrom,
  valueFrom,
  type RunOptions,
} from "./run-options.ts";

const WORKERS_MAX = 64;

const HELP = `
Runs on the batch workers, or in this process with --local. Writes sweep.json, sets.csv and
tear-sheet.html. The scans are decoded once for all sets. The best set is the one with the highest
Sharpe ratio (with the highest total return, if there are too few days for a Sharpe ratio). The report
shows it with the number of sets tried and the deflated Sharpe ratio. --walk-forward 30:10 repeatedly
chooses a set on 30 days and trades it on the next 10 days, and joins these tests into one result.
The result hash is the same for any number of workers.

Exit 0: done. Exit 1: the archive could not be read, or has no scans. Exit 64: wrong usage.
--json prints the content of sweep.json, and files {sweep, sets, tear_sheet}.`;

type SweepOptions = RunOptions & {
  readonly local: boolean;
  readonly grid: readonly string[];
  readonly walkForward?: string;
  readonly workers: string;
};

export function addSweepCommand(backtest: Command): void {
  addRunOptions(backtest.command("sweep"))
    .description(
      "run every set of a grid of parameters; --walk-forward tests the choice out of sample",
    )
    .option("--grid <name=a,b,c>", "values of one parameter; may be repeated", collect, [])
    .option("--walk-forward <train:test>", "days to choose on, and days after them to trade")
    .option("--workers <count>", "threads, or chunks run at a time on all batch workers", "2")
    .option("--local", "in this process, without any server", false)
    .addHelpText("after", HELP)
    .action(sweepCommand);
}

async function sweepCommand(options: SweepOptions, command: Command): Promise<void> {
  const context = openContext(command, { archive: options.archive });
  const { config } = context;
  const { json } = options;
  const { strategy, declared, ...run } = await askedFrom(options, config);
  const { settings, differsFromBook } = run;
  const range = rangeFrom(options, config);
  const axes = axesFrom(options.grid, declared);
  const walkForward = walkForwardFrom(options.walkForward);
  const workers = Math.min(WORKERS_MAX, Math.floor(numberFrom("--workers", options.workers, 1)));
  expectGrid(axes, (set) => strategy.choice.start({ ...settings.parameters, ...set }));
  const question = { range, settings, strategy: strategy.source, axes, walkForward };
  const place = placeOf(options, { config, strategy, question });
  if (options.local) {
    const sweep = { settings, differsFromBook, strategy, axes, walkForward };
    const job = { ...place, range, ...sweep, workers };
    const text = await runLocally(range, json, (hooks) => runSweep(job, hooks));
    printRecord({ text, files: sweepFiles(place.out), json }, sweepSummary);
    return;
  }
  expectNoOut(options);
  // Temporal's client costs a third of the memory and time of a local run.
  const { batchInputOf, runThroughTemporal } = await import("./through-temporal.ts");
  const input = {
    ...batchInputOf({ range, run, strategy, name: place.name }),
    grid: Object.fromEntries(axes.map(({ name, values }) => [name, values])),
    walk_forward: options.walkForward ?? null,
    lanes: workers,
  };
  const isWatched = process.stderr.isTTY && !json;
  const order = { workflow: BACKTEST_SWEEP, name: place.name, input, isWatched };
  const { reference, text } = await runThroughTemporal(context, order);
  printRecord({ text, files: sweepFiles(reference.folder), json }, sweepSummary);
}

export function sweepFiles(out: string): Files {
  return {
    sweep: join(out, SWEEP_FILE),
    sets: join(out, SETS_FILE),
    tear_sheet: join(out, SWEEP_SHEET_FILE),
  };
}

function axesFrom(grid: readonly string[], declared: Parameters): readonly GridAxis[] {
  if (grid.length === 0) throw wrong("--grid", "at least one name=a,b,c", "");
  return grid.map((text) => {
    const at = text.indexOf("=");
    const values = text.slice(at + 1).split(",");
    if (at < 1 || values.includes("")) throw wrong("--grid", "name=a,b,c", text);
    const name = text.slice(0, at);
    return { name, values: values.map((value) => valueFrom(value, declared[name])) };
  });
}

/** Starts every set once, so that an invalid one is a usage error and not a failed sweep. */
function expectGrid(axes: readonly GridAxis[], start: (set: GridSet) => unknown): void {
  try {
    for (const set of setsOfGrid(axes, {})) start(set);
  } catch (error) {
    throw new CliError(messageOf(error), EXIT_USAGE);
  }
}

type GridSet = ReturnType<typeof setsOfGrid>[number];

function walkForwardFrom(text: string | undefined) {
  if (text === undefined) return null;
  const [, train, test] = /^([1-9]\d*):([1-9]\d*)$/.exec(text) ?? [];
  if (train === undefined) throw wrong("--walk-forward", "TRAIN:TEST in days, as 30:10", text);
  return { trainDays: Number(train), testDays: Number(test) };
}

/** Sets that went bankrupt. */
function ruinedRow(sets: SweepRecord["sets"]): [string, string][] {
  const count = sets.filter(({ total }) => total <= -1).length;
  return count === 0 ? [] : [["ruined", `${count} of ${sets.length} sets lost everything`]];
}

/** Sets that a limit stopped: their figures are not those of the strategy alone. */
function latchedRow(sets: SweepRecord["sets"]): [string, string][] {
  const count = sets.filter(({ latched }) => latched !== null).length;
  return count === 0 ? [] : [["latched", `${count} of ${sets.length} sets, see limits by set`]];
}

/** `text`: of a sweep's file. */
export function sweepSummary(text: string, files: Files): string {
  const record: SweepRecord = JSON.parse(text);
  const { best, sets, trials, deflatedSharpe, walkForward, timing } = record;
  const { returns, risk, trades, run } = best.report;
  const chosen = Object.entries(sets[best.at]?.set ?? {}).map(
    ([name, value]) => `${name}=${String(value)}`,
  );
  const rows = [
    ["sets", `${number(trials, 0)} over ${number(run.scans, 0)} scans in ${span(timing.wallMs)}`],
    ["best", `${chosen.join(" ")}: ${signedPercent(returns.total)}, ${trades.count} trades`],
    ...bookRow(record.differsFromBook),
    ...orderRow(record.read),
    ...limitsRow(best.report),
    ...ruinedRow(sets),
    ...latchedRow(sets),
    ["Sharpe", risk.sharpe === null ? (risk.reason ?? "not defined") : number(risk.sharpe)],
    [
      "deflated",
      deflatedSharpe.reason === null
        ? `${percent(deflatedSharpe.probability, 1)} sure that it is more than luck`
        : `none: ${deflatedSharpe.reason}`,
    ],
    ...(walkForward === null
      ? []
      : [
          [
            "forward",
            `${signedPercent(walkForward.stitched.total)} out of sample in ${walkForward.folds.length} tests`,
          ],
        ]),
    ["result hash", record.resultHash],
    ...Object.entries(files).map(([name, path]) => [name.replace("_", " "), printable(path)]),
  ];
  return `${aligned(rows).join("\n")}\n`;
}
