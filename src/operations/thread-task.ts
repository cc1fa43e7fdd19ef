/**
 * Long work of a worker: each task in its own thread, because the worker's main thread has to send heartbeats. Only
 * plain values are passed.
 */
import { type MessagePort, parentPort, Worker } from "node:worker_threads";
import { messageOf } from "../domain/failure.ts";

type TaskNews =
  | { readonly kind: "progress"; readonly scans: number; readonly total: number }
  | { readonly kind: "problem"; readonly problem: string };

type TaskEnd<R> =
  | { readonly kind: "done"; readonly result: R }
  | { readonly kind: "failed"; readonly name: string; readonly message: string };

export type TaskHooks = {
  readonly onProgress?: (scans: number, total: number) => void;
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
};

/** The thread has ended when this settles; an error keeps its name and text. */
export async function runInThread<R>(entry: URL, task: object, hooks: TaskHooks): Promise<R> {
  const { promise, resolve, reject } = Promise.withResolvers<R>();
  const worker = new Worker(entry, { workerData: task });
  worker.on("message", (news: TaskNews | TaskEnd<R>) => {
    switch (news.kind) {
      case "progress":
        hooks.onProgress?.(news.scans, news.total);
        return;
      case "problem":
        hooks.onProblem(news.problem);
        return;
      case "done":
        resolve(news.result);
        return;
      case "failed":
        reject(Object.assign(new Error(news.message), { name: news.name }));
        return;
    }
  });
  worker.on("error", reject);
  worker.on("exit", (code) => reject(new Error(`the task's thread ended early (${code})`)));
  const stop = (): void => {
    reject(hooks.signal.reason);
  };
  hooks.signal.addEventListener("abort", stop, { once: true });
  if (hooks.signal.aborted) stop();
  try {
    return await promise;
  } finally {
    hooks.signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}

/** The thread's side: posts what `perform` returns or throws, then the thread ends. */
export async function performInThread<R>(perform: () => Promise<R>): Promise<void> {
  const end = (ended: TaskEnd<R>): void => portOfTask().postMessage(ended);
  try {
    end({ kind: "done", result: await perform() });
  } catch (error) {
    const name = error instanceof Error ? error.name : "Error";
    end({ kind: "failed", name, message: messageOf(error) });
  }
}

/** Called from the thread while it performs. */
export function tellOfTask(news: TaskNews): void {
  portOfTask().postMessage(news);
}

function portOfTask(): MessagePort {
  if (parentPort === null) throw new Error("this is called in the thread of a task only");
  return parentPort;
}
