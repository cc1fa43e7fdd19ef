/** What one run of a supervisor's workflow knows, what can happen to it, and what it can have done. */
import type { NextStep } from "../next-step.ts";
import type { LiveFacts, OpenRun, RunFound, RunRecord, ServiceBrief } from "./records.ts";
import type { Command, SupervisorState } from "./supervisor-state.ts";

export type Supervision = {
  /** What continue-as-new hands on; all else begins anew. */
  readonly state: SupervisorState;
  readonly brief: ServiceBrief;
  /** The service's brief is known, and how its run stands. */
  readonly isLearned: boolean;
  /** Counts every piece of news, so that a wait ends at any of them. */
  readonly news: number;
  /** What the run says is not enough: ask the server. */
  readonly mustLook: boolean;
  /** The step that is waited for, and whether its delay is over. */
  readonly timed: { readonly step: NextStep; readonly isDue: boolean } | null;
  /** Runs taken so far, started or adopted. */
  readonly starts: number;
  /** The run that this workflow run started: the server itself tells of its close. */
  readonly ownRunId: string | null;
  readonly closed: { readonly runId: string; readonly result: RunRecord | null } | null;
  readonly ended: { readonly run_id: string; readonly result: RunRecord } | null;
  readonly report: Report | null;
  readonly toldToEnd: string | null;
  readonly adoptedRunId: string | null;
};

export type Report = { readonly run_id: string; readonly details: LiveFacts; readonly lost?: true };

export type SupervisionEvent =
  /** All that was to be done is done. */
  | { readonly kind: "turn" }
  | { readonly kind: "command"; readonly command: Command }
  /** A command was answered, having taken effect or not. */
  | { readonly kind: "answered" }
  | { readonly kind: "briefed"; readonly brief: ServiceBrief }
  | { readonly kind: "learned" }
  | { readonly kind: "report"; readonly report: Report }
  /** The run itself says that it is over. */
  | { readonly kind: "ended"; readonly run_id: string; readonly result: RunRecord }
  /** The server says that our own run is closed. */
  | { readonly kind: "closed"; readonly runId: string; readonly result: RunRecord | null }
  | { readonly kind: "started"; readonly run: OpenRun }
  | { readonly kind: "looked"; readonly found: RunFound; readonly nowMs: number }
  | { readonly kind: "delay over"; readonly step: NextStep }
  | { readonly kind: "told to end" }
  /** A run could not be signalled: it is over already, and a look says how it ended. */
  | { readonly kind: "signal failed" }
  | { readonly kind: "settled"; readonly result: RunRecord }
  | { readonly kind: "cancelled" };

export type SupervisionEffect =
  | {
      readonly kind: "start run";
      readonly life: number;
      readonly restart_times: readonly string[];
      readonly is_restart: boolean;
    }
  /** A time that nobody waits for: its end is an event. */
  | { readonly kind: "time"; readonly step: NextStep; readonly delayMs: number }
  | { readonly kind: "tell to end"; readonly runId: string }
  | { readonly kind: "tell that it is adopted"; readonly runId: string }
  /** It says that it is over shortly before it is closed, and its id is taken until then. */
  | { readonly kind: "await closed"; readonly runId: string; readonly result: RunRecord }
  | { readonly kind: "look" }
  /** For news; without any in time, a look. Null: without end. */
  | { readonly kind: "wait"; readonly limitMs: number | null };

export type Supervised = {
  readonly next: Supervision;
  /** At most one of them, the last, takes time. */
  readonly effects: readonly SupervisionEffect[];
};

export function newSupervision(state: SupervisorState, brief: ServiceBrief): Supervision {
  return {
    state,
    brief,
    isLearned: false,
    news: 0,
    mustLook: false,
    timed: null,
    starts: 0,
    ownRunId: null,
    closed: null,
    ended: null,
    report: null,
    toldToEnd: null,
    adoptedRunId: null,
  };
}
