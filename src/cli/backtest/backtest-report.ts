/** `dolphin backtest report NAME`: prints the result of a run or sweep from its files. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { REPORT_FILE } from "../../operations/backtest/run-folder.ts";
import { SWEEP_FILE } from "../../operations/backtest/sweep/conclude-sweep.ts";
import { CliError, isThere, openContext } from "../context.ts";
import { printable } from "../rendering/terminal.ts";
import { runFiles, runSummary } from "./backtest-run.ts";
import { sweepFiles, sweepSummary } from "./backtest-sweep.ts";

const HELP = `
Exit 0: shown. Exit 1: there is no such run below <data-dir>/backtests; the message names the existing ones.
--json prints the content of report.json or sweep.json.`;

const NAMED_MAX = 10;

export function addReportCommand(backtest: Command): void {
  backtest
    .command("report <name>")
    .description("show the report of a finished run or sweep")
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action((name: string, options: { readonly json: boolean }, command: Command) => {
      const folder = join(openContext(command).config.data_dir, "backtests");
      const place = join(folder, name);
      const run = join(place, REPORT_FILE);
      const sweep = join(place, SWEEP_FILE);
      const found = isThere(run) ? run : isThere(sweep) ? sweep : null;
      if (found === null) throw new CliError(printable(absentText(name, folder)));
      const text = readFileSync(found, "utf8");
      const said =
        found === run ? runSummary(text, runFiles(place)) : sweepSummary(text, sweepFiles(place));
      process.stdout.write(options.json ? text : said);
    });
}

function absentText(name: string, folder: string): string {
  const names = isThere(folder) ? readdirSync(folder).toSorted() : [];
  const there =
    names.length === 0
      ? "there is no finished run yet"
      : `there is ${names.slice(0, NAMED_MAX).join(", ")}`;
  return `${folder} has no finished run '${name}': ${there}`;
}
