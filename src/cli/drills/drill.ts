/** `dolphin drill`: injects a named fault into the running system, and scores how it recovers. */
import { writeFileSync } from "node:fs";
import { Argument, type Command } from "commander";
import { faultUnderWay, undoLeftFaults } from "../../adapters/faults/injected.ts";
import { FAULT_NAMES, FAULTS, type FaultName } from "../../domain/drills/drill-faults.ts";
import { isoFromMs } from "../../domain/time.ts";
import { wallMs } from "../../adapters/clock.ts";
import { runDrills } from "../../operations/drills/run-drills.ts";
import type { DrillResult } from "../../operations/drills/run-drill.ts";
import { restartPolicyOf } from "../../wire/configuration.ts";
import { CliError, openContext } from "../context.ts";
import { drillsSummary, drillText } from "./drill-text.ts";

type DrillFlags = { readonly json: boolean; readonly force: boolean; readonly report?: string };

const EXIT_INTERRUPTED = 130;
const HELP = `
${FAULT_NAMES.map((name) => `  ${name.padEnd(17)}${FAULTS[name].summary}`).join("\n")}

The system must be healthy before a drill: servers answer and scans arrive. A drill undoes its fault, also when it is
interrupted or killed: then its guard process does it, or else the next 'dolphin drill' or 'dolphin up'. Root is not
required: a drill that is not possible without it says so, and how to enable it. Between two drills 'all' waits until
the restart policy no longer counts the previous one; at its end it writes a report.

Exit status:
  0    every budget was met (with 'all': of each drill that is possible here)
  1    a budget was missed, something was restarted without need, or the drill is not possible here
  130  interrupted; the fault is undone`;

export function addDrillCommand(program: Command): void {
  program
    .command("drill")
    .description("inject a fault into the running system, and measure the recovery")
    .addArgument(new Argument("<fault>", "a fault, or all").choices([...FAULT_NAMES, "all"]))
    .option("--json", "print the result as JSON", false)
    .option("--force", "run it even if orders go to a real venue", false)
    .option("--report <file>", "write the results as JSON")
    .addHelpText("after", HELP)
    .action(async (fault: FaultName | "all", flags: DrillFlags, command: Command) => {
      process.exitCode = await drill(fault, flags, command);
      // A connection to a killed server would keep the process alive.
      process.stdout.write("", () => process.exit());
    });
}

async function drill(
  fault: FaultName | "all",
  flags: DrillFlags,
  command: Command,
): Promise<number> {
  const { config, up, temporalAddress } = openContext(command);
  const broker: string = config.trader.broker;
  if (broker !== "paper" && !flags.force) {
    throw new CliError(`trader.broker is ${broker}: a drill there needs --force`);
  }
  if (up === null) {
    throw new CliError(
      `no 'dolphin up' runs on ${config.data_dir}: a drill needs a running system`,
    );
  }
  for (const left of undoLeftFaults(config.data_dir))
    say(`undone: ${left}, left by a drill that died`);
  const other = faultUnderWay(config.data_dir);
  if (other !== null)
    throw new CliError(`the drill ${other.fault} is already running, pid ${other.pid}`);
  const stop = stopOnSignals();
  const results = await runDrills(fault === "all" ? FAULT_NAMES : [fault], {
    config,
    temporalAddress,
    policy: restartPolicyOf(config),
    stop,
    say,
    onResult: (result) => {
      if (!flags.json) process.stdout.write(`${drillText(result)}\n`);
    },
  });
  const report = { at: isoFromMs(wallMs()), drills: results };
  if (flags.report !== undefined) {
    writeFileSync(flags.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (fault === "all") process.stdout.write(`${drillsSummary(results)}\n`);
  return exitOf(results, { isAll: fault === "all", isCut: stop.aborted });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function exitOf(
  results: readonly DrillResult[],
  { isAll, isCut }: { readonly isAll: boolean; readonly isCut: boolean },
): number {
  if (isCut) return EXIT_INTERRUPTED;
  const isFine = ({ outcome }: DrillResult) =>
    outcome === "passed" || (isAll && outcome === "cannot");
  return results.every(isFine) ? 0 : 1;
}

function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stop.abort());
  }
  return stop.signal;
}
