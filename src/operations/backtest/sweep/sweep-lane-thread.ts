/** A thread that runs its share of a sweep's trials over the chunks that it receives, wave after wave. */
import { parentPort, workerData } from "node:worker_threads";
import type { ScanChunk } from "../../../domain/backtest/backtest-run.ts";
import { startTrials, type Trials } from "../../../domain/backtest/sweep/trial.ts";
import { loadStrategy } from "../../../adapters/strategy-file/load-strategy.ts";
import type { LaneBrief, LaneCommand, LaneNews } from "./sweep-lanes.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread");
const brief: LaneBrief = workerData;
const { choice } = await loadStrategy(brief.strategySource);
if (choice.fileHash !== brief.fileHash) {
  throw new Error(`${brief.strategySource} changed while the sweep began; start it again`);
}
const { codeVersion, dataHash } = brief;
const ground = { strategy: choice, codeVersion, dataHash };
let trials: Trials = startTrials([], ground);
let universe: readonly string[] = [];
const tell = (news: LaneNews): void => port.postMessage(news);

port.on("message", (command: LaneCommand) => {
  switch (command.kind) {
    case "begin":
      trials = startTrials(command.trials, ground);
      return;
    case "chunk": {
      // One array per universe, so that comparing it is free.
      if (command.assets !== null) universe = command.assets;
      const { count, eigenvalueCount, funding, features, books, buffers } = command;
      const chunk: ScanChunk = {
        assets: universe,
        count,
        eigenvalueCount,
        funding,
        features,
        books,
        ...buffers,
      };
      trials.feed(chunk);
      tell({ kind: "fed", slot: command.slot });
      return;
    }
    case "finish":
      tell({ kind: "outcomes", outcomes: trials.finish() });
      trials = startTrials([], ground);
      return;
  }
});
tell({ kind: "ready" });
