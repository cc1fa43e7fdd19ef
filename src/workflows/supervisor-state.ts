/**
 * What a supervisor knows and how facts and commands change it: pure, plain JSON, carried
 * through continue-as-new. The workflow around it only waits, asks and publishes.
 */
import { nextStep, wordAfterEnd } from "../domain/supervision/next-step.ts";
import type { EndKind, Intent, Mode, NextStep } from "../domain/supervision/next-step.ts";
import { restartsInWindow } from "../domain/supervision/restart-policy.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import type { Cause, Word } from "../domain/supervision/verdict.ts";
import { isoFromMicros, US_PER_MS } from "../domain/time.ts";
import type { LifeEnd, RunDetails, RunResult, ServiceStatus } from "../wire/supervision.ts";
import type { ServiceBrief } from "./messages.ts";

/** How the last run ended, as far as what follows depends on it. */
type Ending = {
  readonly kind: EndKind;
  readonly why: string;
  readonly unkillable: number;
  readonly at_ms: number;
};

export type SupervisorState = {
  intent: Intent;
  mode: Mode;
  /** Number of the newest life. */
  life: number;
  restart_times: readonly string[];
  /** The open run, whoever started it. */
  run: { readonly run_id: string; readonly life: number } | null;
  ending: Ending | null;
  /** What follows while no run is open. */
  step: NextStep;
  /** A command asked the open run to end. */
  is_end_asked: boolean;
  word: Word;
  cause: Cause;
  reason: string;
  pid: number | null;
  host: string | null;
  /** When the newest live facts were seen. */
  seen_at: string;
  started_at: string | null;
  last_end: LifeEnd | null;
  /** What happened lately, newest last, for the Web UI. */
  story: readonly string[];
  updated_at: string;
};

const STORY_LINES_MAX = 12;

export function initialState(intent: Intent, mode: Mode): SupervisorState {
  const isWanted = intent === "running";
  return {
    intent,
    mode,
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
export function takeRun(state: SupervisorState, run: { run_id: string; life: number }): void {
  state.run = run;
  state.life = Math.max(state.life, run.life);
  state.is_end_asked = false;
  state.seen_at = "";
  state.word = "Starting";
  state.cause = "none";
  state.reason = `life ${run.life} is being started`;
}

/** Whether the start at hand costs budget; when it is made, the run's keeper notes its time. */
export function isCounted({ step }: SupervisorState): boolean {
  return step.kind === "restart" || step.kind === "fatal";
}

/** The live facts of the open run; older ones than those already known say nothing. */
export function takeDetails(state: SupervisorState, details: RunDetails): void {
  if (details.at < state.seen_at) return;
  state.seen_at = details.at;
  state.life = Math.max(state.life, details.life);
  state.restart_times = unionOf(state.restart_times, details.restart_times);
  state.word = details.word;
  state.cause = details.cause;
  state.reason = details.reason;
  state.pid = details.pid;
  state.host = details.host;
  state.started_at = details.started_at;
}

/** The open run is over; decides what follows. */
export function takeResult(state: SupervisorState, result: RunResult, policy: RestartPolicy): void {
  const { service: _s, restart_times, local_lives: _l, unkillable_pids, ...last } = result;
  const all = unionOf(state.restart_times, restart_times).map((at) => Date.parse(at));
  const at_ms = Date.parse(result.at);
  state.restart_times = restartsInWindow(policy, all, at_ms).map(isoTime);
  state.life = Math.max(state.life, result.life);
  state.last_end = last;
  const kind = state.is_end_asked ? "stopped" : result.kind;
  endRun(state, { kind, why: result.why, unkillable: unkillable_pids.length, at_ms }, policy);
}

/** The open run was closed without a result: terminated, cancelled, failed, gone. */
export function takeClosed(
  state: SupervisorState,
  status: string,
  now: { readonly policy: RestartPolicy; readonly ms: number },
): void {
  // A failed run costs budget. One that was closed from outside was asked for; its process may
  // live on and is adopted by the next run.
  const kind = status === "FAILED" || status === "TIMED_OUT" ? "failed_start" : "abandoned";
  const why = `its run was closed from outside (${status.toLowerCase()})`;
  endRun(state, { kind, why, unkillable: 0, at_ms: now.ms }, now.policy);
}

export function commandStart(state: SupervisorState): void {
  state.intent = "running";
  if (state.run === null) follow(state, { kind: "start" });
}

export function commandStop(state: SupervisorState): void {
  state.intent = "stopped";
  if (state.run === null) follow(state, { kind: "idle" });
  else state.is_end_asked = true;
}

export function commandRestart(state: SupervisorState): void {
  state.intent = "running";
  if (state.run === null) follow(state, { kind: "start" });
  else state.is_end_asked = true;
}

export function commandSetMode(state: SupervisorState, mode: Mode, policy: RestartPolicy): void {
  state.mode = mode;
  const isPending = ["restart", "fatal", "observe"].includes(state.step.kind);
  if (state.run !== null || state.ending === null || !isPending) return;
  follow(state, stepAfter(state, state.ending, policy));
}

export function tellStory(state: SupervisorState, nowMs: number, sentence: string): void {
  const line = `${isoTime(nowMs).slice(0, 19)}Z ${sentence}`;
  state.story = [...state.story, line].slice(-STORY_LINES_MAX);
}

export function statusOf(
  state: SupervisorState,
  brief: ServiceBrief,
  nowMs: number,
): ServiceStatus {
  const { intent, mode, word, cause, reason, life, pid, host, started_at, last_end } = state;
  return {
    service: brief.service,
    layer: brief.layer,
    intent,
    mode,
    word,
    cause,
    reason,
    life,
    pid,
    host,
    started_at,
    restarts_in_window: restartsInWindow(brief.policy, timesMs(state), nowMs).length,
    restart_times: [...state.restart_times],
    next_try_at: state.run === null && "atMs" in state.step ? isoTime(state.step.atMs) : null,
    last_end,
    updated_at: state.updated_at,
  };
}

export function isoTime(ms: number): string {
  return isoFromMicros(ms * US_PER_MS);
}

function endRun(state: SupervisorState, ending: Ending, policy: RestartPolicy): void {
  state.run = null;
  state.is_end_asked = false;
  state.pid = null;
  state.started_at = null;
  state.ending = ending;
  follow(state, stepAfter(state, ending, policy));
}

function stepAfter(state: SupervisorState, ending: Ending, policy: RestartPolicy): NextStep {
  const { intent, mode } = state;
  const { kind: end, unkillable, at_ms } = ending;
  const situation = { intent, mode, end, unkillable, restartTimesMs: timesMs(state) };
  return nextStep(situation, policy, at_ms);
}

function follow(state: SupervisorState, step: NextStep): void {
  const end = state.ending?.kind ?? "stopped";
  state.step = step;
  state.word = wordAfterEnd(step, end);
  state.cause = step.kind === "idle" || step.kind === "start" ? "none" : "process";
  state.reason = [state.ending?.why, sentenceOf(step, end)].filter(Boolean).join("; ");
}

function sentenceOf(step: NextStep, end: EndKind): string {
  switch (step.kind) {
    case "idle":
      return "";
    case "start":
      return "being started";
    case "restart":
      return `next try at ${isoTime(step.atMs)}`;
    case "fatal":
      return `the restarts are used up; next try at ${isoTime(step.atMs)}`;
    case "observe":
      return `monitor-only: would be started again at ${isoTime(step.atMs)}`;
    case "hold":
      return end === "fenced"
        ? "not restarted; `start` or `restart` takes over again"
        : "not restarted until `start` or `restart`";
  }
}

/** A run may know of restarts made while Temporal was away, or not yet of the last one. */
function unionOf(known: readonly string[], told: readonly string[]): string[] {
  return [...new Set([...known, ...told])].toSorted();
}

function timesMs(state: SupervisorState): number[] {
  return state.restart_times.map((at) => Date.parse(at));
}
