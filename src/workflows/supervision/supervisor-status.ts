/** A supervisor's status of its service, from its state and its brief. */
import { isoFromMs } from "../../domain/time.ts";
import type { ServiceBrief } from "../../domain/supervision/supervisor/records.ts";
import { restartsInWindow } from "../../domain/supervision/restart-policy.ts";
import {
  restartTimesMs,
  type SupervisorState,
} from "../../domain/supervision/supervisor/supervisor-state.ts";
import type { ServiceStatus } from "../../wire/supervision.ts";

const STORY_LINES_MAX = 12;

export function serviceStatusOf(
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
    restarts_in_window: restartsInWindow(brief.policy, restartTimesMs(state), nowMs).length,
    restart_times: [...state.restart_times],
    next_try_at: state.run === null && "atMs" in state.step ? isoFromMs(state.step.atMs) : null,
    last_end,
    ...(state.declared == null ? {} : { declared: state.declared }),
    updated_at: state.updated_at,
  };
}

/** With one more line of history. */
export function withStory(
  state: SupervisorState,
  nowMs: number,
  sentence: string,
): SupervisorState {
  const line = `${isoFromMs(nowMs).slice(0, 19)}Z ${sentence}`;
  const story = [...state.story, line].slice(-STORY_LINES_MAX);
  return { ...state, story, updated_at: isoFromMs(nowMs) };
}
