/** `dolphin backtest check STRATEGY`: whether its decisions depend on later scans (look-ahead). */
import type { Command } from "commander";
import { codeVersionOf } from "../../adapters/strategy-file/load-strategy.ts";
import { describeRange } from "../../operations/backtest/run-backtest.ts";
import { readWhole } from "../../operations/backtest/whole-archive.ts";
import { startBacktest } from "../../domain/backtest/backtest.ts";
import { checkLookAhead, type LookAheadVerdict } from "../../domain/backtest/look-ahead.ts";
import { describeRun } from "../../domain/backtest/run-settings.ts";
import { seededRandom } from "../../domain/simulator/random.ts";
import { CliError, openContext } from "../context.ts";
import { printable } from "../rendering/terminal.ts";
import { sayProblem } from "./local-run.ts";
import { addRunOptions, askedFrom, numberFrom, rangeFrom } from "./run-options.ts";
import type { RunOptions } from "./run-options.ts";

const EXIT_FOUND = 1;
const EXIT_NOT_COMPARABLE = 3;
const SCANS_MAX = "20000";
const SHOWN_MAX = 3;

const HELP = `
Runs the strategy over the archive's scans. Then it chooses 20 random places k, and up to 20 at which
the strategy decided something, and runs again: with the scans after k removed, with NaN in their
place, once more over all scans, and once with the state saved and restored at every k. Each decision,
order and reading must be the same.

Exit 0: no look-ahead was found. Exit 1: found, with the first decision that differs, or the strategy
failed. Exit 3: the strategy placed no order on these scans, or there are no scans. Exit 64: wrong usage.
--json prints {strategy, scans, decisions, orders, failure, tried: [k], findings: [{kind: cut | blanked | again |
restored, scans, seq, expected, found}], ok}.`;

export function addCheckCommand(backtest: Command): void {
  addRunOptions(backtest.command("check <strategy>"))
    .description(
      "check that a strategy does not look ahead: that no decision depends on later scans",
    )
    .option("--scans-max <count>", "scans to read at most", SCANS_MAX)
    .addHelpText("after", HELP)
    .action(checkCommand);
}

async function checkCommand(
  named: string,
  options: RunOptions & { readonly scansMax: string },
  command: Command,
): Promise<void> {
  const { config } = openContext(command, { archive: options.archive });
  const range = rangeFrom(options, config);
  const scansMax = numberFrom("--scans-max", options.scansMax, 2);
  const { strategy, settings } = await askedFrom({ ...options, strategy: named }, config);
  const { inputs } = strategy.choice.start(settings.parameters);
  const { ageBudgetsMs: budgetsMs } = settings;
  const source = { ...range, inputs, budgetsMs };
  const chunk = await readWhole(source, { scansMax, onProblem: sayProblem });
  if (chunk === null) {
    throw new CliError(`there are no scans in ${describeRange(range)}`, EXIT_NOT_COMPARABLE);
  }
  const ground = {
    strategy: strategy.choice,
    codeVersion: codeVersionOf(strategy),
    dataHash: "check",
  };
  const random = seededRandom(settings.seed);
  const verdict = checkLookAhead({
    chunk,
    begin: () => startBacktest(describeRun(settings, ground)),
    random: () => random.uniform(),
  });
  const { findings, failure, orders } = verdict;
  const ok = findings.length === 0 && failure === null && 0 < orders;
  if (options.json) {
    const result = { strategy: strategy.choice.name, ...verdict, ok };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  }
  if (ok && !options.json) process.stdout.write(`${strategy.choice.name}: ${textOf(verdict)}\n`);
  if (failure !== null) throw new CliError(`the strategy failed: ${failure}`, EXIT_FOUND);
  if (0 < findings.length) throw new CliError(foundText(verdict), EXIT_FOUND);
  if (!ok) {
    throw new CliError(
      `${strategy.choice.name} placed no order on ${verdict.scans} scans, so nothing was checked; give it more scans (--scans-max, --from)`,
      EXIT_NOT_COMPARABLE,
    );
  }
}

function textOf({ scans, orders, tried }: LookAheadVerdict): string {
  return (
    `no look-ahead: ${orders} orders on ${scans} scans stayed the same when the scans after ` +
    `each of ${tried.length} places were removed or blanked, and when the state there was saved and restored`
  );
}

function foundText({ findings }: LookAheadVerdict): string {
  const shown = findings.slice(0, SHOWN_MAX).map(({ kind, scans, seq, expected, found }) => {
    const how = {
      cut: `without the scans after ${scans}`,
      blanked: `with NaN after scan ${scans}`,
      again: "in a second run",
      restored: "with the state saved and restored",
    }[kind];
    return `\n  ${how}, scan ${seq} is decided differently:\n    before: ${printable(expected)}\n    now:    ${printable(found)}`;
  });
  return `the strategy looks ahead, or has state outside its memory or state that a snapshot does not contain (${findings.length} findings)${shown.join("")}`;
}
