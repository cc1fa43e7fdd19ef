/** Runs the upkeep of BLUE's journal in a thread of the trader layer's worker, and again when it dies. */
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Config } from "../config.ts";

export type UpkeepLine = { readonly level: "info" | "warn"; readonly line: string };
export type RunningUpkeep = { stop(): Promise<void> };

const THREAD = new URL("./journal-upkeep-thread.ts", import.meta.url);
const AGAIN_AFTER_MS = 10_000;
/** A state of the trader, and rows of one transaction. */
const HEAP_MB = 96;
const STOP_WITHIN_MS = 5_000;

export function keepJournal(
  config: Config,
  say: (level: "info" | "warn", line: string) => void,
): RunningUpkeep {
  const stopping = new AbortController();
  const { trader, green, journal } = config;
  const workerData = { dataDir: config.data_dir, configuration: { trader, green, journal } };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const thread = new Worker(THREAD, {
        workerData,
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      });
      const ended = new Promise<void>((settle) => thread.once("exit", () => settle()));
      thread.on("message", ({ level, line }: UpkeepLine) => say(level, `journal: ${line}`));
      thread.on("error", (error) => say("warn", `journal: its thread died: ${String(error)}`));
      const onStop = () => thread.postMessage("stop");
      stopping.signal.addEventListener("abort", onStop, { once: true });
      await ended;
      stopping.signal.removeEventListener("abort", onStop);
      await delay(AGAIN_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await Promise.race([running, delay(STOP_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}
