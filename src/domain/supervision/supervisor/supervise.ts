/**
 * A supervisor's decisions: a pure function from its state and an event to its next state and the effects to carry
 * out. The workflow around it carries them out in order and reports the results as events. Invariants: a run is
 * started only while none is open; nothing is decided by the wall clock, which a replay may see differently (a query
 * that reaches a new worker before its first task makes the SDK run ahead with the time of an older task; measured: a
 * supervisor stood still for good). Times come from records and steps.
 */
import type { OpenRun, RunFound, ServiceRunRecord, ServiceBrief } from "./records.ts";
import type {
  Report,
  Supervised,
  SupervisorRun,
  SupervisionEffect,
  SupervisionEvent,
} from "./supervision.ts";
import {
  type SupervisorCommand,
  isCounted,
  type SupervisorState,
  takeClosed,
  takeCommand,
  takeDetails,
  takeReported,
  takeResult,
  takeRun,
} from "./supervisor-state.ts";

export function supervise(now: SupervisorRun, event: SupervisionEvent): Supervised {
  switch (event.kind) {
    case "turn":
      return now.state.run === null ? betweenRuns(now) : duringRun(now, now.state.run);
    case "told to end":
      return now.state.run === null ? only(now) : followRun(now, now.state.run);
    case "settled":
      return settle(now, event.result);
    case "looked":
      return takeFound(now, event.found, event.nowMs);
    case "command":
      return only(withNews(takeOrder(now, event.command)));
    case "answered":
      return only(withNews(now));
    case "briefed":
      return only({ ...now, brief: briefFor(event.brief, now.state) });
    case "learned":
      return only(withNews({ ...now, isLearned: true }));
    case "report":
      return only(takeReport(now, event.report));
    case "ended":
      return only(withNews({ ...now, ended: event }));
    case "closed":
      return only(withNews({ ...now, closed: event }));
    case "started":
      return only({ ...openedBy(now, event.run), ownRunId: event.run.run_id });
    case "delay over":
      if (now.timed?.step !== event.step) return only(now);
      return only(withNews({ ...now, timed: { step: event.step, isDue: true } }));
    case "signal failed":
      return only({ ...now, mustInspect: true });
    case "cancelled":
      return only({
        ...now,
        state: {
          ...now.state,
          reason: "its supervisor was cancelled; `dolphin create` starts it again",
        },
      });
  }
}

/** Whether the process that a start asked for is running. */
export function isStarted({ state: { run, pid, is_end_asked, step } }: SupervisorRun): boolean {
  return run === null ? step.kind !== "start" : pid !== null && !is_end_asked;
}

function betweenRuns(now: SupervisorRun): Supervised {
  const { step, ending } = now.state;
  if (step.kind === "start") return start(now);
  if (step.kind !== "restart" && step.kind !== "fatal") return only(now, WAIT);
  if (now.timed?.step === step) return now.timed.isDue ? start(now) : only(now, WAIT);
  const delayMs = step.atMs - (ending?.at_ms ?? step.atMs);
  const isDue = delayMs <= 0;
  const timed = { ...now, timed: { step, isDue } };
  return isDue ? start(timed) : only(timed, { kind: "time", step, delayMs }, WAIT);
}

const WAIT = { kind: "wait", limitMs: null } as const;

function start(now: SupervisorRun): Supervised {
  const { life, restart_times } = now.state;
  const is_restart = isCounted(now.state);
  return only(now, { kind: "start run", life: life + 1, restart_times, is_restart });
}

function duringRun(now: SupervisorRun, { run_id }: OpenRun): Supervised {
  if (!now.state.is_end_asked || now.endAskedOf === run_id) {
    return followRun(now, { run_id });
  }
  return only({ ...now, endAskedOf: run_id }, { kind: "tell to end", runId: run_id });
}

function followRun(now: SupervisorRun, { run_id }: Pick<OpenRun, "run_id">): Supervised {
  const { closed, ended, ownRunId, brief } = now;
  const record = ended?.run_id === run_id ? ended.result : null;
  if (closed?.runId === run_id) {
    const result = closed.result ?? record;
    return result === null ? only(now, { kind: "inspect" }) : settle(now, result);
  }
  if (record !== null && ownRunId !== run_id) {
    return only(now, { kind: "await closed", runId: run_id, result: record });
  }
  return only(now, now.mustInspect ? { kind: "inspect" } : { kind: "wait", limitMs: brief.newsMs });
}

function settle(now: SupervisorRun, result: ServiceRunRecord): Supervised {
  return only({ ...now, state: takeResult(now.state, result, now.brief.policy) });
}

/** Adopts an open run, or records an end that was not reported. */
function takeFound(before: SupervisorRun, found: RunFound, nowMs: number): Supervised {
  const now = { ...before, mustInspect: false };
  const { state, brief } = now;
  if (found.kind === "open") return takeOpen(now, found);
  if (state.run === null) {
    // A new supervisor continues the life numbers of the last run.
    if (found.kind === "absent" || found.life <= state.life) return only(now);
    const restart_times = found.result?.restart_times ?? state.restart_times;
    return only({ ...now, state: { ...state, life: found.life, restart_times } });
  }
  const isOurs = found.kind === "closed" && found.runId === state.run.run_id;
  if (isOurs && found.result !== null) return settle(now, found.result);
  const status = isOurs ? found.status : "gone";
  return only({ ...now, state: takeClosed(state, status, { policy: brief.policy, ms: nowMs }) });
}

/** A run that this workflow run did not start is asked to report its end. */
function takeOpen(
  now: SupervisorRun,
  { runId, life, details }: Extract<RunFound, { kind: "open" }>,
): Supervised {
  const isKnown = now.state.run?.run_id === runId;
  const opened = isKnown ? now : openedBy(now, { run_id: runId, life: Math.max(life, 1) });
  const { state, brief } = opened;
  const seen =
    details === null ? opened : { ...opened, state: takeDetails(state, details, brief.policy) };
  if (now.ownRunId === runId || now.adoptedRunId === runId) return only(seen);
  return only({ ...seen, adoptedRunId: runId }, { kind: "tell that it is adopted", runId });
}

function openedBy(now: SupervisorRun, run: OpenRun): SupervisorRun {
  const state = takeRun(now.state, run);
  const { report, brief } = now;
  const isOfIt = report?.run_id === run.run_id;
  return {
    ...now,
    starts: now.starts + 1,
    state: isOfIt ? takeDetails(state, report.details, brief.policy) : state,
  };
}

function takeReport(now: SupervisorRun, report: Report): SupervisorRun {
  const { state, mustInspect, brief } = now;
  if (state.run?.run_id !== report.run_id) return { ...now, report };
  return withNews({
    ...now,
    report,
    mustInspect: mustInspect || report.lost === true,
    state: takeReported(state, report.details, brief.policy),
  });
}

function takeOrder(now: SupervisorRun, command: SupervisorCommand): SupervisorRun {
  const state = takeCommand(now.state, command, now.brief.policy);
  return { ...now, state, brief: briefFor(now.brief, state) };
}

/** The brief with the service's declared budget. */
function briefFor(brief: ServiceBrief, { declared }: SupervisorState): ServiceBrief {
  if (declared == null) return brief;
  return { ...brief, policy: { ...brief.policy, restartsMax: declared.restarts_max } };
}

function withNews(now: SupervisorRun): SupervisorRun {
  return { ...now, news: now.news + 1 };
}

function only(next: SupervisorRun, ...effects: readonly SupervisionEffect[]): Supervised {
  return { next, effects };
}
