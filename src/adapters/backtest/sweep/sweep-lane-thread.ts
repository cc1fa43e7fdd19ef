/** A thread that runs its share of a sweep's trials over the chunks which it is told of. */
import { parentPort, workerData } from "node:worker_threads";
import type { ScanChunk } from "../../../domain/backtest/backtest.ts";
import { startTrials } from "../../../domain/backtest/trial.ts";
import { loadStrategy } from "../load-strategy.ts";
import type { LaneBrief, LaneCommand, LaneNews } from "./sweep-lanes.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs as a thread");
const brief: LaneBrief = workerData;
const { choice } = await loadStrategy(brief.strategySource);
const trials = startTrials(brief.trials, {
  strategy: choice,
  codeVersion: brief.codeVersion,
  dataHash: brief.dataHash,
});
let universe: readonly string[] = [];
const tell = (news: LaneNews): void => port.postMessage(news);

port.on("message", (command: LaneCommand) => {
  switch (command.kind) {
    case "chunk": {
      // One array for one universe: comparing it is then free.
      if (command.assets !== null) universe = command.assets;
      const { count, eigenvalueCount, buffers } = command;
      const chunk: ScanChunk = { assets: universe, count, eigenvalueCount, ...buffers };
      trials.feed(chunk);
      tell({ kind: "fed", slot: command.slot });
      return;
    }
    case "finish":
      tell({ kind: "outcomes", outcomes: trials.finish() });
      port.close();
      return;
  }
});
tell({ kind: "ready" });
