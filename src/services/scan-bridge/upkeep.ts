/** The pump's handle to the thread that maintains the journal. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { messageOf } from "../../domain/failure.ts";
import { THREAD_CODE_MB } from "../../domain/supervision/thread-code.ts";

export type UpkeepSettings = {
  readonly journalFile: string;
  readonly epoch: number;
  /** Null keeps all rows. */
  readonly keepDays: number | null;
};

export type UpkeepMessage = { readonly level: "info" | "warn"; readonly line: string };

export type Upkeep = { readonly stop: () => Promise<void> };

const HEAP_MB = 16;
const YOUNG_MB = 2;
/** A thread blocked by a hung disk is not waited for. */
const STOP_WAIT_MS = 1_000;
const RESTART_MS = 10_000;

/** A thread that fails, for example without file descriptors, is restarted: scans continue without it. */
export function startUpkeep(
  settings: UpkeepSettings,
  onMessage: (message: UpkeepMessage) => void,
): Upkeep {
  let thread: Worker | null = null;
  let again: NodeJS.Timeout | null = null;
  const start = () => {
    thread = new Worker(new URL("./upkeep-thread.ts", import.meta.url), {
      workerData: settings,
      resourceLimits: {
        codeRangeSizeMb: THREAD_CODE_MB,
        maxOldGenerationSizeMb: HEAP_MB,
        maxYoungGenerationSizeMb: YOUNG_MB,
      },
    });
    thread.on("message", onMessage);
    thread.on("error", (error) => {
      thread = null;
      onMessage({ level: "warn", line: `the journal's upkeep failed: ${messageOf(error)}` });
      again = setTimeout(start, RESTART_MS);
    });
  };
  start();
  return {
    async stop() {
      if (again !== null) clearTimeout(again);
      if (thread === null) return;
      const over = AbortSignal.timeout(STOP_WAIT_MS);
      thread.postMessage("stop");
      await once(thread, "exit", { signal: over }).catch(() => {});
    },
  };
}
