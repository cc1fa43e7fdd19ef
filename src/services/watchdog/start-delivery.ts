/**
 * Keeps the delivery thread running: one that dies or hangs is replaced by another, which finds the waiting
 * notifications on disk. Invariant: at most one thread runs our code; a thread that hangs in the kernel runs none of
 * it afterwards.
 */
import { Worker } from "node:worker_threads";
import { monotonicMs } from "../../adapters/clock.ts";
import { MS_PER_MINUTE, MS_PER_SECOND } from "../../domain/time.ts";
import { watchThread } from "../shell/thread-silence.ts";
import type { DeliveryFigures } from "../../wire/safety/watchdog-figures.ts";
import type { DeliveryMessage, DeliverySettings, WatchdogMessage } from "./delivery.ts";
import { THREAD_CODE_MB } from "../../domain/supervision/thread-code.ts";

export type DeliveryThreadOptions = Omit<DeliverySettings, "alive"> & {
  readonly say: (level: "info" | "warn" | "error", line: string) => void;
  /** A button was pressed; the result is shown to the user. */
  readonly acknowledge: (request: {
    readonly incident: string;
    readonly by: string;
    readonly via: "telegram";
  }) => string;
  /** For tests of a thread that hangs. */
  readonly entry?: URL;
  readonly hungAfterMs?: number;
};

export type KeptDelivery = {
  /** Called once a second by the watchdog's loop: starts another thread where one is due. Does not wait. */
  poll(): void;
  /** Something was decided. */
  wake(): void;
  state(): DeliveryFigures;
  /** Gives requests in progress a moment to end; a hanging thread is not waited for. */
  stop(): Promise<void>;
};

const HUNG_AFTER_MS = 15 * MS_PER_SECOND;
const POLL_MS = MS_PER_SECOND;
const REST_MS_MAX = MS_PER_MINUTE;
/** After a life this long the back-off starts again. */
const WELL_AFTER_MS = MS_PER_MINUTE;
/** Threads that hang in the kernel cannot be ended, and keep their memory. */
const HANGING_MAX = 4;
/** A thread that exceeds this ends, and is replaced. */
const MEMORY = {
  codeRangeSizeMb: THREAD_CODE_MB,
  maxOldGenerationSizeMb: 64,
  maxYoungGenerationSizeMb: 4,
};
const STOP_MS_MAX = 2 * MS_PER_SECOND;

type Life = {
  readonly thread: Worker;
  readonly isSilent: () => boolean;
  readonly startedMs: number;
};

export function startDelivery(options: DeliveryThreadOptions): KeptDelivery {
  const limits = { pollMs: POLL_MS, hungAfterMs: options.hungAfterMs ?? HUNG_AFTER_MS };
  let life: Life | null = null;
  let restarts = 0;
  let hanging = 0;
  let figures: DeliveryFigures["channels"] = {};
  let restMs = MS_PER_SECOND;
  let dueMs = monotonicMs();
  let isStopped = false;
  const post = (message: WatchdogMessage): void => life?.thread.postMessage(message);

  const lose = (lost: Life, why: string): void => {
    if (life !== lost) return;
    life = null;
    if (isStopped) return;
    if (WELL_AFTER_MS < monotonicMs() - lost.startedMs) restMs = MS_PER_SECOND;
    dueMs = monotonicMs() + restMs;
    restMs = Math.min(REST_MS_MAX, restMs * 2);
    options.say("error", `[Alerts] delivery ${why}; another thread continues with what waits`);
  };
  const end = (hung: Life): void => {
    hanging += 1;
    void hung.thread.terminate().finally(() => (hanging -= 1));
  };
  const start = (): void => {
    const alive = new Int32Array(new SharedArrayBuffer(4));
    const { file, channels, deadlineMs } = options;
    const workerData: DeliverySettings = { file, channels, deadlineMs, alive };
    const thread = new Worker(options.entry ?? new URL("delivery-thread.ts", import.meta.url), {
      workerData,
      name: "delivery",
      resourceLimits: MEMORY,
    });
    const started = { thread, isSilent: watchThread(alive, limits), startedMs: monotonicMs() };
    life = started;
    thread.on("message", (message: DeliveryMessage) => {
      if (message.kind === "log") return options.say(message.level, message.line);
      if (message.kind === "figures") return void (figures = message.channels);
      const text = options.acknowledge(message);
      thread.postMessage({ kind: "acknowledged", id: message.id, text } satisfies WatchdogMessage);
    });
    thread.on("error", (error) => lose(started, `failed: ${error.message}`));
    thread.on("exit", (code) => lose(started, `ended with code ${code}`));
  };
  start();
  return {
    poll() {
      const now = life;
      if (now?.isSilent() === true) {
        lose(now, `was silent for ${limits.hungAfterMs / MS_PER_SECOND} s`);
        end(now);
      }
      if (isStopped || life !== null || monotonicMs() < dueMs || HANGING_MAX <= hanging) return;
      restarts += 1;
      start();
    },
    wake: () => post({ kind: "wake" }),
    state: () => ({ runs: life !== null, restarts, hanging, channels: figures }),
    async stop() {
      isStopped = true;
      const last = life;
      if (last === null) return;
      const ended = untilEnded(last.thread, STOP_MS_MAX);
      post({ kind: "stop" });
      await ended;
      if (life !== null) end(last);
    },
  };
}

/** Or until the time is over. */
async function untilEnded(thread: Worker, withinMs: number): Promise<void> {
  const limit = Promise.withResolvers<void>();
  thread.once("exit", () => limit.resolve());
  const timer = setTimeout(limit.resolve, withinMs);
  await limit.promise;
  clearTimeout(timer);
}
