/** The thread that reads for pages: one question after the other; a failure is returned as the error's text. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../domain/failure.ts";
import type { ViewQuestion, ViewReply } from "./ask-views.ts";
import type { BookViewDeps } from "./books/book-view.ts";
import { createViews } from "./views.ts";

const deps: BookViewDeps = workerData;
const views = createViews(deps);
let last: Promise<void> = Promise.resolve();

parentPort?.on("message", (question: ViewQuestion) => {
  last = last.then(() => answer(question));
});

async function answer({ id, view, args }: ViewQuestion): Promise<void> {
  const reply = await Promise.resolve()
    .then((): unknown => Reflect.apply(views[view], null, args))
    .then(
      (value): ViewReply<unknown> => ({ id, ok: true, value }),
      (error: unknown): ViewReply<unknown> => ({ id, ok: false, problem: messageOf(error) }),
    );
  parentPort?.postMessage(reply);
}
