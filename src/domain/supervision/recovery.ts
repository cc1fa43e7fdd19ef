/** Whether a living process is ended so that a new one takes its place. */
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
 * Null: leave the process alone. A sick process that runs is better than none, so nothing is ended that the budget
 * would not allow to start again. (A frozen process is ended by the keeper that receives its beats.)
 */
export function decideRecovery(
  found: Verdict,
  seen: { readonly observation: Observation; readonly limits: Limits },
  situation: RecoverySituation,
): Recovery | null {
  if (found.action !== "restart" || situation.mode === "monitor-only") return null;
  const { policy, restartTimesMs, nowMs } = situation;
  if (decideRestart(policy, restartTimesMs, nowMs).kind === "fatal") return null;
  // Work is left undone although every dependency answers.
  if (found.word === "Stale") return { kind: "unhealthy", why: found.reason };
  const rssBytes = seen.observation.rssBytes ?? 0;
  return seen.limits.rssRestartBytes <= rssBytes ? { kind: "memory", why: found.reason } : null;
}
