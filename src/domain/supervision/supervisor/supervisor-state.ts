/**
 * What a supervisor knows of its service, and how facts and commands change it: plain JSON, carried through
 * continue-as-new.
 */
import { isoFromMs, MS_PER_SECOND, msFromIso } from "../../time.ts";
import { intentAnew, type ServiceDeclaration } from "../declared/declaration.ts";
import { nextStep, reasonAfterEnd, wordAfterEnd } from "../next-step.ts";
import type { EndKind, Intent, Mode, NextStep } from "../next-step.ts";
import {
  datedBy,
  decideRestart,
  isAhead,
  type RestartPolicy,
  restartsInWindow,
} from "../restart-policy.ts";
import type { Cause } from "../ties.ts";
import type { Word } from "../verdict.ts";
import type { LifeRecord, LiveFacts, OpenRun, ServiceRunRecord } from "./records.ts";

/** The part of the last run's end that matters for what follows. */
type Ending = {
  readonly kind: EndKind;
  readonly why: string;
  readonly unkillable: number;
  readonly at_ms: number;
};

export type SupervisorState = {
  readonly intent: Intent;
  readonly mode: Mode;
  /** Absent in the state of an older release. */
  readonly declared?: ServiceDeclaration | null;
  /** Number of the newest life. */
  readonly life: number;
  readonly restart_times: readonly string[];
  /** The open run, whoever started it. */
  readonly run: OpenRun | null;
  readonly ending: Ending | null;
  /** The next step while no run is open. */
  readonly step: NextStep;
  /** A command asked the open run to end. */
  readonly is_end_asked: boolean;
  /** Why metaHealth asked for that end, which costs budget; absent if it did not. */
  readonly recovery?: string | null;
  /** Ids of the decisions already carried out, newest last: continue-as-new forgets the ids of updates. */
  readonly recovered?: readonly string[];
  readonly word: Word;
  readonly cause: Cause;
  readonly reason: string;
  readonly pid: number | null;
  readonly host: string | null;
  /** When the newest live facts were seen. */
  readonly seen_at: string;
  readonly started_at: string | null;
  readonly last_end: LifeRecord | null;
  /** Recent history, newest last, for the Web UI. */
  readonly story: readonly string[];
  readonly updated_at: string;
};

/** A decision of metaHealth. */
export type RecoverCommand = {
  readonly kind: "recover";
  readonly decision: string;
  readonly why: string;
  readonly atMs: number;
};

export type SupervisorCommand =
  | { readonly kind: "start" | "stop" | "restart" }
  | { readonly kind: "set mode"; readonly mode: Mode }
  | RecoverCommand
  | { readonly kind: "configure"; readonly declared: ServiceDeclaration };

const RECOVERED_MAX = 16;
const FINAL_KINDS: ReadonlySet<EndKind> = new Set(["fenced", "misconfigured"]);

export function initialSupervisor(
  intent: Intent,
  mode: Mode,
  declared: ServiceDeclaration | null = null,
): SupervisorState {
  const isWanted = intent === "running";
  return {
    intent,
    mode,
    declared,
    life: 0,
    restart_times: [],
    run: null,
    ending: null,
    step: { kind: isWanted ? "start" : "idle" },
    is_end_asked: false,
    word: isWanted ? "Starting" : "Stopped",
    cause: "none",
    reason: isWanted ? "being started" : "not started yet",
    pid: null,
    host: null,
    seen_at: "",
    started_at: null,
    last_end: null,
    story: [],
    updated_at: "",
  };
}

/** A run was started by this supervisor, or found open and adopted. */
export function takeRun(state: SupervisorState, run: OpenRun): SupervisorState {
  return {
    ...state,
    run,
    life: Math.max(state.life, run.life),
    // A stop may have arrived while the start was in progress.
    is_end_asked: state.intent === "stopped",
    recovery: null,
    seen_at: "",
    word: "Starting",
    cause: "none",
    reason: `life ${run.life} is being started`,
  };
}

/** Whether the pending start costs budget; the run's keeper records its time. */
export function isCounted({ step }: SupervisorState): boolean {
  return step.kind === "restart" || step.kind === "fatal";
}

/** Takes live facts of the open run; facts older than the known ones are ignored. */
export function takeDetails(
  state: SupervisorState,
  details: LiveFacts,
  policy: RestartPolicy,
): SupervisorState {
  if (details.at < state.seen_at) return state;
  const { at, life, word, cause, reason, pid, host, started_at } = details;
  const all = allRestarts(state, details, policy);
  return {
    ...state,
    seen_at: at,
    life: Math.max(state.life, life),
    restart_times: datedBy(policy, all, msFromIso(at)).map(isoFromMs),
    word,
    cause,
    reason,
    pid,
    host,
    started_at,
  };
}

/**
 * Takes a report of the open run's keeper. Reports arrive in the order in which they were made, so one with a much
 * earlier time means that the clock was set back; ignoring it as old would ignore all reports until the clock has
 * passed the previous time.
 */
export function takeReported(
  state: SupervisorState,
  details: LiveFacts,
  policy: RestartPolicy,
): SupervisorState {
  const { seen_at } = state;
  const isBack = seen_at !== "" && isAhead(msFromIso(seen_at), msFromIso(details.at));
  const isAnew = policy.datesAnew === true && isBack;
  return takeDetails(isAnew ? { ...state, seen_at: "" } : state, details, policy);
}

/** The open run has ended; decides what follows. */
export function takeResult(
  state: SupervisorState,
  result: ServiceRunRecord,
  policy: RestartPolicy,
): SupervisorState {
  const { service: _s, restart_times: _r, local_lives: _l, unkillable_pids, ...last } = result;
  const all = allRestarts(state, result, policy);
  const at_ms = msFromIso(result.at);
  const known: SupervisorState = {
    ...state,
    restart_times: restartsInWindow(policy, all, at_ms).map(isoFromMs),
    life: Math.max(state.life, result.life),
    last_end: last,
  };
  const recovery = state.is_end_asked ? (state.recovery ?? null) : null;
  const asked = recovery === null ? "stopped" : "unhealthy";
  // After a fencing or with a wrong configuration no recovery starts it again.
  const isFinal = recovery !== null && FINAL_KINDS.has(result.kind);
  const kind = state.is_end_asked && !isFinal ? asked : result.kind;
  const why = isFinal ? result.why : (recovery ?? result.why);
  return endRun(known, { kind, why, unkillable: unkillable_pids.length, at_ms }, policy);
}

/** The open run was closed without a result: terminated, cancelled, failed, or gone. */
export function takeClosed(
  state: SupervisorState,
  status: string,
  now: { readonly policy: RestartPolicy; readonly ms: number },
): SupervisorState {
  // A failed run costs budget. One that was closed from outside was requested; its process may still live and is
  // adopted by the next run.
  const kind = status === "FAILED" || status === "TIMED_OUT" ? "failed_start" : "abandoned";
  const why = `its run was closed from outside (${status.toLowerCase()})`;
  return endRun(state, { kind, why, unkillable: 0, at_ms: now.ms }, now.policy);
}

export function takeCommand(
  state: SupervisorState,
  command: SupervisorCommand,
  policy: RestartPolicy,
): SupervisorState {
  switch (command.kind) {
    case "start": {
      const wanted: SupervisorState = { ...state, intent: "running" };
      return state.run === null ? follow(wanted, { kind: "start" }) : wanted;
    }
    case "stop": {
      const unwanted: SupervisorState = { ...state, intent: "stopped" };
      if (state.run === null) return follow(unwanted, { kind: "idle" });
      return { ...unwanted, is_end_asked: true, recovery: null };
    }
    case "restart": {
      const wanted: SupervisorState = { ...state, intent: "running" };
      if (state.run === null) return follow(wanted, { kind: "start" });
      return { ...wanted, is_end_asked: true, recovery: null };
    }
    case "recover": {
      if (!answerToRecovery(state, command, policy).isNew) return state;
      const { decision, why } = command;
      const recovered = [...(state.recovered ?? []), decision].slice(-RECOVERED_MAX);
      return { ...state, is_end_asked: true, recovery: why, recovered };
    }
    case "set mode": {
      const changed = { ...state, mode: command.mode };
      const isPending = ["restart", "fatal", "observe"].includes(state.step.kind);
      if (state.run !== null || state.ending === null || !isPending) return changed;
      return follow(changed, stepAfter(changed, state.ending, policy));
    }
    case "configure": {
      // An operator's command holds, unless the declaration changes the intent.
      const { declared } = command;
      const intent = intentAnew(state.declared ?? null, declared);
      const changed = { ...state, declared };
      if (intent === null || intent === state.intent) return changed;
      return takeCommand(changed, { kind: intent === "running" ? "start" : "stop" }, policy);
    }
  }
}

/**
 * The answer to a decision of metaHealth: the life ends as unhealthy if the shared budget allows the next start, once
 * for each decision id.
 */
export function answerToRecovery(
  state: SupervisorState,
  { decision, atMs }: RecoverCommand,
  policy: RestartPolicy,
): { readonly isNew: boolean; readonly done: boolean; readonly says: string } {
  if (state.recovered?.includes(decision) === true) {
    return { isNew: false, done: true, says: "it was done before" };
  }
  const refusal = whyNoRecovery(state, policy, atMs);
  if (refusal !== null) return { isNew: false, done: false, says: refusal };
  const says = `life ${state.life} is ended, and another one started`;
  return { isNew: true, done: true, says };
}

function whyNoRecovery(
  state: SupervisorState,
  policy: RestartPolicy,
  nowMs: number,
): string | null {
  if (state.intent === "stopped") return "it is meant to be stopped";
  if (state.mode === "monitor-only") return "its supervisor only observes (monitor-only)";
  if (state.run === null) return `it is not running: ${state.reason}`;
  if (state.is_end_asked) return "its life is being ended already";
  if (decideRestart(policy, restartTimesMs(state), nowMs).kind === "restart") return null;
  return `its restarts are used up (${policy.restartsMax} in ${policy.windowMs / MS_PER_SECOND} s)`;
}

export function restartTimesMs(state: SupervisorState): number[] {
  return state.restart_times.map((at) => msFromIso(at));
}

function endRun(state: SupervisorState, ending: Ending, policy: RestartPolicy): SupervisorState {
  const none = { run: null, is_end_asked: false, recovery: null, pid: null, started_at: null };
  const over = { ...state, ...none, ending };
  return follow(over, stepAfter(over, ending, policy));
}

function stepAfter(state: SupervisorState, ending: Ending, policy: RestartPolicy): NextStep {
  const { intent, mode } = state;
  const { kind: end, unkillable, at_ms } = ending;
  const situation = { intent, mode, end, unkillable, restartTimesMs: restartTimesMs(state) };
  return nextStep(situation, policy, at_ms);
}

function follow(state: SupervisorState, step: NextStep): SupervisorState {
  const end = state.ending?.kind ?? "stopped";
  return {
    ...state,
    step,
    word: wordAfterEnd(step, end),
    cause: step.kind === "idle" || step.kind === "start" ? "none" : "process",
    reason: reasonAfterEnd(step, state.ending),
  };
}

/**
 * A run may know restarts made while Temporal was away, or may not know the last one yet. Known times ahead of its
 * clock are left out: the run has re-dated them, or reports them itself, and counting both would charge the budget
 * twice. Two entries of one list may have the same time, if one was re-dated to the time of the other: each counts.
 */
function allRestarts(
  { restart_times: known }: SupervisorState,
  { at, restart_times: reported }: Pick<LiveFacts, "at" | "restart_times">,
  { datesAnew = false }: RestartPolicy,
): number[] {
  const nowMs = msFromIso(at);
  const isDatedAnew = (one: string): boolean => datesAnew && isAhead(msFromIso(one), nowMs);
  const more = known.filter((one) => !reported.includes(one) && !isDatedAnew(one));
  return [...more, ...reported].toSorted().map((one) => msFromIso(one));
}
