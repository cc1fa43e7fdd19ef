/** `dolphin backtest run | sweep | check`: a strategy held against the archive. */
import type { Command } from "commander";
import { addCheckCommand } from "./backtest-check.ts";
import { addReportCommand } from "./backtest-report.ts";
import { addRunCommand } from "./backtest-run.ts";
import { addSweepCommand } from "./backtest-sweep.ts";

export function addBacktestCommand(program: Command): void {
  const backtest = program
    .command("backtest")
    .description("strategies over the archive: run, sweep, check");
  addRunCommand(backtest);
  addSweepCommand(backtest);
  addCheckCommand(backtest);
  addReportCommand(backtest);
}
