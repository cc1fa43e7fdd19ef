/**
 * What follows the end of one life of a service's process; whether it costs restart budget depends on who asked for
 * the end.
 */
import { decideRestart } from "./restart-policy.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import { isoFromMs } from "../time.ts";

export const END_KINDS = [
  /** By itself, or by a signal that supervision did not send. */
  "exited",
  /** By itself, before it was ready for long enough. */
  "failed_start",
  /** Killed after 10 s without a beat. */
  "frozen",
  /** Restarted because its memory was over the limit. */
  "memory",
  /** Restarted because scans were not pushed although archive and Hazelcast answered. */
  "unhealthy",
  /** Its worker died, and the process with it. */
  "lost",
  /** It survived SIGKILL: it hangs in the kernel. */
  "unkillable",
  /** Exit 76: a newer epoch has taken over. */
  "fenced",
  /** Exit 78: its configuration is wrong. */
  "misconfigured",
  /** Asked for by an operator, a deploy or a shutdown. */
  "stopped",
  /** Its run was closed from outside; the process may still live and is then adopted. */
  "abandoned",
] as const;
export type EndKind = (typeof END_KINDS)[number];

export type Intent = "running" | "stopped";
export type Mode = "auto" | "monitor-only";

export type NextStep =
  | { readonly kind: "idle" }
  /** A requested start: it costs no budget. */
  | { readonly kind: "start" }
  | { readonly kind: "restart"; readonly atMs: number }
  /** The budget is spent; the next try is made when the window allows it. */
  | { readonly kind: "fatal"; readonly atMs: number }
  /** monitor-only mode: what would be done, and when. */
  | { readonly kind: "observe"; readonly atMs: number }
  /** Not restarted until an operator says start or restart. */
  | { readonly kind: "hold" };

export type EndSituation = {
  readonly intent: Intent;
  readonly mode: Mode;
  readonly end: EndKind;
  /** Processes of this service that survived SIGKILL and still exist. */
  readonly unkillable: number;
  readonly restartTimesMs: readonly number[];
};

/** Only one replacement of a process that cannot be killed. */
const UNKILLABLE_MAX = 1;

export function nextStep(
  situation: EndSituation,
  policy: RestartPolicy,
  endedAtMs: number,
): NextStep {
  if (situation.intent === "stopped") return { kind: "idle" };
  switch (situation.end) {
    case "fenced":
    case "misconfigured":
      return { kind: "hold" };
    case "stopped":
    case "abandoned":
      return { kind: "start" };
    case "exited":
    case "failed_start":
    case "frozen":
    case "memory":
    case "unhealthy":
    case "lost":
    case "unkillable": {
      if (UNKILLABLE_MAX < situation.unkillable) return { kind: "hold" };
      const decision = decideRestart(policy, situation.restartTimesMs, endedAtMs);
      if (situation.mode === "monitor-only") return { kind: "observe", atMs: decision.atMs };
      return { kind: decision.kind, atMs: decision.atMs };
    }
  }
}

/** The status word of a service whose process is gone. */
export function wordAfterEnd(
  step: NextStep,
  end: EndKind,
): "Stopped" | "Starting" | "Down" | "FATAL" | "Fenced" | "Error" | "Unkillable" {
  switch (step.kind) {
    case "idle":
      return "Stopped";
    case "start":
      return "Starting";
    case "restart":
    case "observe":
      return "Down";
    case "fatal":
      return "FATAL";
    case "hold":
      return end === "fenced" ? "Fenced" : end === "misconfigured" ? "Error" : "Unkillable";
  }
}

/** Why a service's process is gone, and what follows: the same sentence wherever it is shown. */
export function reasonAfterEnd(
  step: NextStep,
  ending: { readonly kind: EndKind; readonly why: string } | null,
): string {
  return [ending?.why, whatFollows(step, ending?.kind ?? "stopped")].filter(Boolean).join("; ");
}

function whatFollows(step: NextStep, end: EndKind): string {
  switch (step.kind) {
    case "idle":
      return "";
    case "start":
      return "being started";
    case "restart":
      return `next try at ${isoFromMs(step.atMs)}`;
    case "fatal":
      return `the restarts are used up; next try at ${isoFromMs(step.atMs)}`;
    case "observe":
      return `monitor-only: would be started again at ${isoFromMs(step.atMs)}`;
    case "hold":
      return end === "fenced"
        ? "not restarted; `start` or `restart` takes over again"
        : "not restarted until `start` or `restart`";
  }
}
