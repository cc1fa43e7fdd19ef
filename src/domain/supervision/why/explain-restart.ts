/**
 * Why a service was or was not restarted: how its life ended, what that costs, how much of the budget was left, and
 * the delay. Invariant: the step is the core's own (`nextStep`), recomputed from what was recorded.
 */
import { MS_PER_SECOND } from "../../time.ts";
import { type EndKind, type Intent, type Mode, nextStep, type NextStep } from "../next-step.ts";
import { type RestartPolicy, restartsInWindow } from "../restart-policy.ts";

/** The record of a life's end. */
export type RecordedEnd = {
  readonly kind: EndKind;
  /**
   * The sentence of whoever ended it or saw it end; for an end by supervision it is the verdict's reason with its
   * figures.
   */
  readonly why: string;
  readonly atMs: number;
  /** Earlier restarts that cost budget, ascending. */
  readonly restartTimesMs: readonly number[];
  readonly unkillable: number;
};

export type RestartFact = { readonly rule: string; readonly says: string };

export type ExplainedRestart = {
  readonly step: NextStep;
  /** Restarts that counted at the end, and the budget. */
  readonly used: number;
  readonly max: number;
  readonly facts: readonly RestartFact[];
};

export function explainRestart(
  end: RecordedEnd,
  { intent, mode }: { readonly intent: Intent; readonly mode: Mode },
  policy: RestartPolicy,
): ExplainedRestart {
  const { kind, why, atMs, restartTimesMs, unkillable } = end;
  const step = nextStep({ intent, mode, end: kind, unkillable, restartTimesMs }, policy, atMs);
  const used = restartsInWindow(policy, restartTimesMs, atMs).length;
  const window = `${used} of ${policy.restartsMax} restarts within ${seconds(policy.windowMs)} were used`;
  return {
    step,
    used,
    max: policy.restartsMax,
    facts: [
      { rule: "end", says: `${why} (${END_WORDS[kind]})` },
      { rule: "budget", says: isCounted(step) ? window : `${window}; this one costs none` },
      { rule: "next", says: stepWords(step, atMs) },
    ],
  };
}

function isCounted({ kind }: NextStep): boolean {
  return kind === "restart" || kind === "fatal" || kind === "observe";
}

const END_WORDS: Readonly<Record<EndKind, string>> = {
  exited: "it ended by itself",
  failed_start: "it ended before it was ready for long enough",
  frozen: "it was killed, because it sent no heartbeat",
  memory: "it was ended, because it exceeded its memory limit",
  unhealthy: "it was ended, because its work did not progress although its dependencies answered",
  lost: "its worker died, and the process with it",
  unkillable: "SIGKILL did not end it",
  fenced: "a newer epoch has taken over",
  misconfigured: "its configuration is wrong",
  stopped: "on request: by an operator, a recovery, a deployment or a shutdown",
  abandoned: "its run was closed from outside; the process is adopted by the next one",
};

function stepWords(step: NextStep, endedAtMs: number): string {
  switch (step.kind) {
    case "idle":
      return "nothing: it is meant to be stopped";
    case "start":
      return "started again at once, as requested";
    case "restart":
      return `started again after ${seconds(step.atMs - endedAtMs)}`;
    case "fatal":
      return `the budget is spent (FATAL): next try after ${seconds(step.atMs - endedAtMs)}`;
    case "observe":
      return `monitor-only: it would be started again after ${seconds(step.atMs - endedAtMs)}`;
    case "hold":
      return "held until an operator's start or restart";
  }
}

function seconds(ms: number): string {
  return `${Number((ms / MS_PER_SECOND).toPrecision(4))} s`;
}
