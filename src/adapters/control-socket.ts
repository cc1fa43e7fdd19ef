/**
 * A service's local socket, below the data directory and accessible to its owner only: one JSON line as request, one
 * as answer. It works while every server is away.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf, messageOf } from "../domain/failure.ts";
import { monotonicMs } from "./clock.ts";
import { askControl, controlSocketPath } from "./control/ask-control.ts";
import { type ControlServer, serveControl } from "./control/serve-control.ts";
import { isProcessAlive } from "./process/process-facts.ts";
import { readRunFile } from "./process/run-file.ts";

export { askControl, controlSocketPath, serveControl, type ControlServer };

export type ServiceReply =
  | { readonly kind: "answered"; readonly line: string }
  /** Nobody listens, and no process of the service runs on this data directory. */
  | { readonly kind: "nobody" }
  | { readonly kind: "no_answer"; readonly why: string; readonly wasAsked: boolean };

const NOBODY = new Set(["ENOENT", "ECONNREFUSED"]);
const RETRY_MS = 200;

/** Asks a service. A running one that has lost its socket re-creates it soon, so the call waits for that. */
export async function askService(
  at: { readonly dataDir: string; readonly service: string },
  request: string,
  limits: { readonly withinMs: number; readonly answerCharsMax: number },
): Promise<ServiceReply> {
  const path = controlSocketPath(at.dataDir, at.service);
  const untilMs = monotonicMs() + limits.withinMs;
  for (;;) {
    try {
      return { kind: "answered", line: await askControl(path, request, limits) };
    } catch (error) {
      const isHeard = !NOBODY.has(codeOf(error) ?? "");
      if (isHeard) return { kind: "no_answer", why: messageOf(error), wasAsked: true };
    }
    const run = readRunFile(join(at.dataDir, "run"), at.service);
    if (run === null || !isProcessAlive(run.pid, run.started_ticks)) return { kind: "nobody" };
    if (untilMs < monotonicMs()) {
      const why = `${at.service} runs (pid ${run.pid}), but does not listen on ${path}`;
      return { kind: "no_answer", why, wasAsked: false };
    }
    await delay(RETRY_MS);
  }
}
