/** `dolphin backtest check STRATEGY`: whether its decisions need scans that come after them. */
import type { Command } from "commander";
import { codeVersionOf } from "../../adapters/backtest/load-strategy.ts";
import { describeRange } from "../../adapters/backtest/run-backtest.ts";
import { readWhole } from "../../adapters/backtest/whole-archive.ts";
import { startBacktest } from "../../domain/backtest/backtest.ts";
import { checkLookAhead, type LookAheadVerdict } from "../../domain/backtest/look-ahead.ts";
import { describeRun } from "../../domain/backtest/run-settings.ts";
import { seededRandom } from "../../domain/simulator/random.ts";
import { CliError, openContext } from "../context.ts";
import { printable } from "../rendering/terminal.ts";
import { sayProblem } from "./local-run.ts";
import { addRunOptions, numberFrom, rangeFrom, settingsFrom, strategyFrom } from "./run-options.ts";
import type { RunOptions } from "./run-options.ts";

const EXIT_FOUND = 1;
const EXIT_NOT_COMPARABLE = 3;
const SCANS_MAX = "20000";
const SHOWN_MAX = 3;

const HELP = `
Runs the strategy over the archive's scans, then over the first k of them for 20 random k and for up
to 20 scans at which it decided something: once with the scans after k missing, once with NaN in
their place, and once more as a whole. Each decision, order and reading must be the same.

Exit 0: no look-ahead was found. Exit 1: found, with the first decision that differs. Exit 3: the
strategy decided nothing on these scans, or there are none. Exit 64: bad usage.
--json prints {strategy, scans, decisions, tried: [k], findings: [{kind: cut | blanked | again, scans,
seq, expected, found}], ok}.`;

export function addCheckCommand(backtest: Command): void {
  addRunOptions(backtest.command("check <strategy>"))
    .description("whether a strategy's decisions need scans that come after them")
    .option("--scans-max <count>", "how many scans are read", SCANS_MAX)
    .addHelpText("after", HELP)
    .action(checkCommand);
}

async function checkCommand(
  named: string,
  options: RunOptions & { readonly scansMax: string },
  command: Command,
): Promise<void> {
  const { config } = openContext(command, { archive: options.archive });
  const settings = settingsFrom(options);
  const range = rangeFrom(options, config);
  const scansMax = numberFrom("--scans-max", options.scansMax, 2);
  const strategy = await strategyFrom({ ...options, strategy: named }, settings);
  const chunk = await readWhole(range, { scansMax, onProblem: sayProblem });
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
  const ok = verdict.findings.length === 0 && 0 < verdict.decisions;
  if (options.json) {
    const result = { strategy: strategy.choice.name, ...verdict, ok };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  }
  if (ok && !options.json) process.stdout.write(`${strategy.choice.name}: ${textOf(verdict)}\n`);
  if (0 < verdict.findings.length) throw new CliError(foundText(verdict), EXIT_FOUND);
  if (!ok) {
    throw new CliError(
      `${strategy.choice.name} decided nothing on ${verdict.scans} scans; give it more (--scans-max, --from)`,
      EXIT_NOT_COMPARABLE,
    );
  }
}

function textOf({ scans, decisions, tried }: LookAheadVerdict): string {
  return (
    `no look-ahead: ${decisions} decisions on ${scans} scans were the same with the scans after ` +
    `each of ${tried.length} places cut off, and blanked`
  );
}

function foundText({ findings }: LookAheadVerdict): string {
  const shown = findings.slice(0, SHOWN_MAX).map(({ kind, scans, seq, expected, found }) => {
    const how = {
      cut: `without the scans after ${scans}`,
      blanked: `with NaN after scan ${scans}`,
      again: "run once more",
    }[kind];
    return `\n  ${how}, scan ${seq} is decided otherwise:\n    before: ${printable(expected)}\n    now:    ${printable(found)}`;
  });
  return `the strategy looks ahead, or keeps something outside of its memory (${findings.length} findings)${shown.join("")}`;
}
