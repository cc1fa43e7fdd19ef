/** `dolphin backtest run | sweep | check | drift | report`: strategies over the archive. */
import type { Command } from "commander";
import { addCheckCommand } from "./backtest-check.ts";
import { addDriftCommand } from "./backtest-drift.ts";
import { addReportCommand } from "./backtest-report.ts";
import { addRunCommand } from "./backtest-run.ts";
import { addSweepCommand } from "./backtest-sweep.ts";

export function addBacktestCommand(program: Command): void {
  const backtest = program
    .command("backtest")
    .description("strategies over the archive: run, sweep, check, drift, report");
  addRunCommand(backtest);
  addSweepCommand(backtest);
  addCheckCommand(backtest);
  addDriftCommand(backtest);
  addReportCommand(backtest);
}
