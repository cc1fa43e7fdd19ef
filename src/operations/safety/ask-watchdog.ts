/** Asks the watchdog of a data directory over its local socket: how it stands, and whatever else it answers. */
import { existsSync } from "node:fs";
import { askControl, controlSocketPath } from "../../adapters/control/ask-control.ts";
import {
  parseSafetyAnswer,
  SAFETY_ANSWER_CHARS_MAX,
  type SafetyAnswer,
  type SafetyView,
  WATCHDOG,
} from "../../wire/safety/safety-control.ts";

/** One that ended as it was asked to leaves no socket; one that died, or was killed, does. */
export function wasWatched(dataDir: string): boolean {
  return existsSync(controlSocketPath(dataDir, WATCHDOG));
}

type Limits = { readonly withinMs: number; readonly signal?: AbortSignal };

/** Null: what it answers is none of its answers. @throws {Error} when it does not answer in time. */
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
  if (answer?.safety == null) throw new Error("the watchdog says nothing of itself");
  return answer.safety;
}

/** @throws {Error} when another than the one with this pid answers, or none in time. */
export async function askOwnWatchdog(
  dataDir: string,
  pid: number,
  limits: { readonly withinMs: number },
): Promise<void> {
  const { pid: other } = await askWatchdog(dataDir, limits);
  if (other !== pid) throw new Error(`a watchdog with pid ${other}, started by hand, runs already`);
}
