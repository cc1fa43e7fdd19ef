/**
 * Views of files, read in a thread: a journal of a million rows, or folding a log, must not delay the process that
 * serves pages. Invariant: a bounded number of questions waits, and each is answered or given up in time.
 */
import { Worker } from "node:worker_threads";
import type { BookViewDeps } from "./books/book-view.ts";
import type { Views } from "./views.ts";

export type ViewQuestion = {
  readonly id: number;
  readonly view: keyof Views;
  readonly args: readonly unknown[];
};
export type ViewReply<T> =
  | { readonly id: number; readonly ok: true; readonly value: T }
  | { readonly id: number; readonly ok: false; readonly problem: string };

export type AskViews = {
  /** @throws {Error} that says what to do. */
  ask<K extends keyof Views>(
    view: K,
    ...args: Parameters<Views[K]>
  ): Promise<Awaited<ReturnType<Views[K]>>>;
  close(): Promise<void>;
};

const WAITING_MAX = 32;
const ANSWER_WITHIN_MS = 20_000;
/** An idle thread is ended, with all its memory. */
const IDLE_MS = 300_000;
const ENTRY = new URL("view-thread.ts", import.meta.url);
/** Else V8 lets the garbage of answers grow to 150 MB beside 10 that are in use. Thousands of scans need 60. */
const MEMORY = { maxYoungGenerationSizeMb: 3, maxOldGenerationSizeMb: 256 };

type Waiting = { readonly reject: (error: Error) => void };

/** The thread starts with the first question. */
export function openViews(deps: BookViewDeps): AskViews {
  const waiting = new Set<Waiting>();
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | null = null;
  let lastId = 0;

  const end = async (why: string): Promise<void> => {
    const ended = worker;
    worker = null;
    if (idle !== null) clearTimeout(idle);
    for (const { reject } of waiting) reject(new Error(why));
    await ended?.terminate();
  };
  const begin = (): Worker => {
    const begun = new Worker(ENTRY, { workerData: deps, resourceLimits: MEMORY });
    begun.unref();
    begun.setMaxListeners(WAITING_MAX + 1);
    const fail = (why: string) => void (worker === begun && end(why));
    begun.on("error", (error) => fail(`reading failed: ${error.message}`));
    begun.on("exit", () => fail("the thread that reads has ended"));
    return begun;
  };
  return {
    ask<K extends keyof Views>(view: K, ...args: Parameters<Views[K]>) {
      const asked = Promise.withResolvers<Awaited<ReturnType<Views[K]>>>();
      if (WAITING_MAX <= waiting.size) {
        asked.reject(new Error("too many requests are waiting: try again in a moment"));
        return asked.promise;
      }
      const thread = (worker ??= begin());
      if (idle !== null) clearTimeout(idle);
      idle = setTimeout(() => void end("it was idle"), IDLE_MS).unref();
      const id = ++lastId;
      const hear = (reply: ViewReply<Awaited<ReturnType<Views[K]>>>): void => {
        if (reply.id !== id) return;
        if (reply.ok) asked.resolve(reply.value);
        else asked.reject(new Error(reply.problem));
      };
      // A question that takes this long hangs, perhaps on a dead mount: the next one starts a new thread.
      const timer = setTimeout(
        () => void end(`reading took more than ${ANSWER_WITHIN_MS / 1_000} s: try again`),
        ANSWER_WITHIN_MS,
      );
      thread.on("message", hear);
      waiting.add(asked);
      thread.postMessage({ id, view, args } satisfies ViewQuestion);
      return asked.promise.finally(() => {
        waiting.delete(asked);
        clearTimeout(timer);
        thread.off("message", hear);
      });
    },
    close: () => end("the dashboard is stopping"),
  };
}
