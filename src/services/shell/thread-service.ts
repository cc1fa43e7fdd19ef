/**
 * A service whose work is done in a thread, which may hang in a file operation: the main thread continues to beat,
 * reports the hang, and ends the process without the thread.
 */
import type { Worker } from "node:worker_threads";
import { EXIT_FAILED } from "../../domain/supervision/exit-codes.ts";
import type { WorkFacts } from "../../domain/supervision/verdict.ts";
import { BEAT_INTERVAL_MS } from "../../wire/control-pipe.ts";
import type { Level, Running, Shell } from "./run-service.ts";
import { watchThread } from "./thread-silence.ts";

export type ThreadReport<Facts> = {
  readonly kind: "report";
  readonly state: string;
  readonly facts: Facts;
  readonly counters: Readonly<Record<string, number | string | null>>;
};

/** Messages of the thread. */
export type ThreadMessage<Facts> =
  /** It works, or waits for something that a restart would not mend. */
  | { readonly kind: "ready" }
  | ThreadReport<Facts>
  | { readonly kind: "log"; readonly level: Level; readonly line: string }
  | { readonly kind: "end"; readonly exitCode: number; readonly line: string };

export type WorkingThread<Facts> = {
  readonly thread: Worker;
  /** Incremented by the thread while no file operation blocks it. */
  readonly alive: Int32Array;
  /** The texts for a hanging thread. */
  readonly hung: { readonly state: string; readonly began: string; readonly ended: string };
  /** `facts`: its last report, null before the first. */
  factsOf(facts: Facts | null, isHung: boolean): WorkFacts | null;
  /** The thread ends the process when its work is finished. */
  stop(): void;
};

/** A thread without a sign of life for this long hangs. */
const HUNG_AFTER_MS = 5_000;

export function superviseThread<Facts>(shell: Shell, of: WorkingThread<Facts>): Running {
  const { say, logger, link } = shell;
  const ready = Promise.withResolvers<void>();
  // Checked with each beat.
  const limits = { pollMs: BEAT_INTERVAL_MS, hungAfterMs: HUNG_AFTER_MS };
  const readHung = watchThread(of.alive, limits);
  let report: ThreadReport<Facts> | null = null;
  let isHung = false;
  const poll = (): void => {
    const was = isHung;
    isHung = readHung();
    if (isHung && !was) say("error", of.hung.began);
    if (!isHung && was) say("info", of.hung.ended);
  };
  of.thread.on("message", (message: ThreadMessage<Facts>) => {
    switch (message.kind) {
      case "ready":
        ready.resolve();
        break;
      case "report":
        report = message;
        break;
      case "log":
        logger[message.level](message.line);
        link.log(message.line);
        break;
      case "end":
        return shell.end(message.exitCode, message.line);
    }
  });
  const failed = (how: string) => shell.end(EXIT_FAILED, `its thread ${how}`);
  of.thread.on("error", (error) => failed(`failed: ${error.stack ?? error.message}`));
  of.thread.on("exit", (code) => failed(`ended with code ${code}`));
  return {
    ready: ready.promise,
    beat() {
      poll();
      const facts = of.factsOf(report?.facts ?? null, isHung);
      const state = isHung ? of.hung.state : (report?.state ?? "starting");
      return { state, facts, counters: { ...report?.counters } };
    },
    async stop() {
      of.stop();
      // A hanging thread is not waited for; any other ends the process itself.
      if (!isHung) await new Promise<never>(() => {});
    },
    beforeExit() {
      // A thread stuck in the kernel would block an orderly exit forever.
      if (isHung) process.kill(process.pid, "SIGKILL");
    },
  };
}
