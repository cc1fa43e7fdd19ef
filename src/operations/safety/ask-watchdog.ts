/** Requests to the watchdog of a data directory over its local socket. */
import { existsSync } from "node:fs";
import { askControl, controlSocketPath } from "../../adapters/control/ask-control.ts";
import {
  parseSafetyAnswer,
  SAFETY_ANSWER_CHARS_MAX,
  type SafetyAnswer,
  type SafetyView,
  WATCHDOG,
} from "../../wire/safety/safety-control.ts";

/** Whether a socket exists: a watchdog that ended in order leaves none; one that crashed or was killed does. */
export function wasWatched(dataDir: string): boolean {
  return existsSync(controlSocketPath(dataDir, WATCHDOG));
}

type Limits = { readonly withinMs: number; readonly signal?: AbortSignal };

/** Null: the answer is not a valid one. @throws {Error} when it does not answer in time. */
export async function requestOfWatchdog(
  dataDir: string,
  request: { readonly command: string; readonly id: string },
  limits: Limits,
): Promise<SafetyAnswer | null> {
  const path = controlSocketPath(dataDir, WATCHDOG);
  const asked = { ...limits, answerCharsMax: SAFETY_ANSWER_CHARS_MAX };
  return parseSafetyAnswer(await askControl(path, JSON.stringify(request), asked));
}

/** @throws {Error} when it does not answer in time. */
export async function askWatchdog(dataDir: string, limits: Limits): Promise<SafetyView> {
  const answer = await requestOfWatchdog(dataDir, { command: "show", id: "show" }, limits);
  if (answer?.safety == null) throw new Error("the watchdog did not describe its state");
  return answer.safety;
}

/** @throws {Error} when a watchdog with another pid answers, or none in time. */
export async function askOwnWatchdog(
  dataDir: string,
  pid: number,
  limits: { readonly withinMs: number },
): Promise<void> {
  const { pid: other } = await askWatchdog(dataDir, limits);
  if (other !== pid) throw new Error(`a watchdog with pid ${other}, started by hand, runs already`);
}
