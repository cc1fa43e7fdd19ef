/** What the activities of backtests need of this machine: its archive, its data directory, threads. */
import { join, resolve } from "node:path";
import type { BacktestWorld } from "../activities/backtest.ts";
import { runBatchTask } from "../adapters/backtest/batch-task.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import type { Config } from "../config.ts";

export function backtestWorld(config: Config, temporal: TemporalClient): BacktestWorld {
  return {
    perform: runBatchTask,
    placeOf: ({ archive, name }) => ({
      archive: archive === null ? config.archive : resolve(archive),
      out: join(config.data_dir, "backtests", name),
    }),
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  };
}
