/** The state of one run of a supervisor's workflow, the events it can receive, and the effects it can ask for. */
import type { NextStep } from "../next-step.ts";
import type { LiveFacts, OpenRun, RunFound, ServiceRunRecord, ServiceBrief } from "./records.ts";
import type { SupervisorCommand, SupervisorState } from "./supervisor-state.ts";

export type SupervisorRun = {
  /** Passed on by continue-as-new; everything else starts anew. */
  readonly state: SupervisorState;
  readonly brief: ServiceBrief;
  /** Whether the service's brief and the state of its run are known. */
  readonly isLearned: boolean;
  /** Counts all news, so that any of it ends a wait. */
  readonly news: number;
  /** The run's own reports are not enough: ask the server. */
  readonly mustInspect: boolean;
  /** The step that is being waited for, and whether its delay is over. */
  readonly timed: { readonly step: NextStep; readonly isDue: boolean } | null;
  /** Number of runs started or adopted so far. */
  readonly starts: number;
  /** The run that this workflow run started: the server itself reports its close. */
  readonly ownRunId: string | null;
  readonly closed: { readonly runId: string; readonly result: ServiceRunRecord | null } | null;
  readonly ended: { readonly run_id: string; readonly result: ServiceRunRecord } | null;
  readonly report: Report | null;
  readonly endAskedOf: string | null;
  readonly adoptedRunId: string | null;
};

export type Report = { readonly run_id: string; readonly details: LiveFacts; readonly lost?: true };

export type SupervisionEvent =
  /** All pending effects are done. */
  | { readonly kind: "turn" }
  | { readonly kind: "command"; readonly command: SupervisorCommand }
  /** A command was answered, whether it had an effect or not. */
  | { readonly kind: "answered" }
  | { readonly kind: "briefed"; readonly brief: ServiceBrief }
  | { readonly kind: "learned" }
  | { readonly kind: "report"; readonly report: Report }
  /** The run itself reports its end. */
  | { readonly kind: "ended"; readonly run_id: string; readonly result: ServiceRunRecord }
  /** The server reports that our own run is closed. */
  | { readonly kind: "closed"; readonly runId: string; readonly result: ServiceRunRecord | null }
  | { readonly kind: "started"; readonly run: OpenRun }
  | { readonly kind: "looked"; readonly found: RunFound; readonly nowMs: number }
  | { readonly kind: "delay over"; readonly step: NextStep }
  | { readonly kind: "told to end" }
  /** A run could not be signalled: it has ended, and a look will say how. */
  | { readonly kind: "signal failed" }
  | { readonly kind: "settled"; readonly result: ServiceRunRecord }
  | { readonly kind: "cancelled" };

export type SupervisionEffect =
  | {
      readonly kind: "start run";
      readonly life: number;
      readonly restart_times: readonly string[];
      readonly is_restart: boolean;
    }
  /** Starts a timer in the background: its end is an event. */
  | { readonly kind: "time"; readonly step: NextStep; readonly delayMs: number }
  | { readonly kind: "tell to end"; readonly runId: string }
  | { readonly kind: "tell that it is adopted"; readonly runId: string }
  /** A run reports its end shortly before it is closed, and its id is in use until then. */
  | { readonly kind: "await closed"; readonly runId: string; readonly result: ServiceRunRecord }
  | { readonly kind: "inspect" }
  /** Waits for news; after the limit it looks. Null: no limit. */
  | { readonly kind: "wait"; readonly limitMs: number | null };

export type Supervised = {
  readonly next: SupervisorRun;
  /** At most one of them, the last, takes time. */
  readonly effects: readonly SupervisionEffect[];
};

export function newSupervision(state: SupervisorState, brief: ServiceBrief): SupervisorRun {
  return {
    state,
    brief,
    isLearned: false,
    news: 0,
    mustInspect: false,
    timed: null,
    starts: 0,
    ownRunId: null,
    closed: null,
    ended: null,
    report: null,
    endAskedOf: null,
    adoptedRunId: null,
  };
}
