/** Whether a living process is ended so that a fresh one takes its place. */
import type { Mode } from "./next-step.ts";
import { decideRestart } from "./restart-policy.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import type { Limits, Observation, Verdict } from "./verdict.ts";

export type Recovery = { readonly kind: "memory" | "unhealthy"; readonly why: string };

export type RecoverySituation = {
  readonly mode: Mode;
  readonly policy: RestartPolicy;
  readonly restartTimesMs: readonly number[];
  readonly nowMs: number;
};

/**
 * Null where the process is left alone: a sick one that runs is better than none, so nothing is
 * ended that the budget would not let start again. (A frozen one is ended by whoever hears its beat.)
 */
export function decideRecovery(
  found: Verdict,
  seen: { readonly observation: Observation; readonly limits: Limits },
  situation: RecoverySituation,
): Recovery | null {
  if (found.action !== "restart" || situation.mode === "monitor-only") return null;
  const { policy, restartTimesMs, nowMs } = situation;
  if (decideRestart(policy, restartTimesMs, nowMs).kind === "fatal") return null;
  // What lies undone though all that it needs answers.
  if (found.word === "Stale") return { kind: "unhealthy", why: found.reason };
  const rssBytes = seen.observation.rssBytes ?? 0;
  return seen.limits.rssRestartBytes <= rssBytes ? { kind: "memory", why: found.reason } : null;
}
