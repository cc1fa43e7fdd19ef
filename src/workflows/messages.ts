/** Signals, queries, updates and inputs of the workflows: what one may send to them and what they answer. */
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { Intent, Mode } from "../domain/supervision/next-step.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import type { RunDetails, RunResult, ServiceStatus } from "../wire/supervision.ts";
import type { SupervisorState } from "./supervisor-state.ts";

export type { RunDetails, RunResult, ServiceStatus } from "../wire/supervision.ts";

/** Every field is optional, and so is the whole. */
export type SuperviseServiceInput = {
  /** Default: the workflow id after `supervise-`. */
  readonly service?: string;
  /** Default: running. */
  readonly intent?: Intent;
  /** Default: auto. */
  readonly mode?: Mode;
  /** Continues as new at this many events; default: when Temporal suggests it. */
  readonly history_max?: number;
  /** State handed on by continue-as-new. */
  readonly carried?: SupervisorState;
};

export type ServiceRunInput = {
  /** Default: the workflow id after `run-`. */
  readonly service?: string;
  /** Default: 1. */
  readonly life?: number;
  /** Restarts so far that cost budget. */
  readonly restart_times?: readonly string[];
  /** This start costs budget: its time joins the restart times. */
  readonly is_restart?: boolean;
  readonly mode?: Mode;
};

export type CompactArchiveInput = {
  /** Default: every day that is over and not compacted, or behind its folder. */
  readonly days?: readonly string[];
  /** Of the runs before this one, handed on by continue-as-new. */
  readonly carried?: CompactArchiveResult;
};

/** Counts of days; `problems` names at most a hundred. */
export type CompactArchiveResult = {
  readonly written: number;
  readonly unchanged: number;
  readonly empty: number;
  readonly rows: number;
  readonly problems: readonly { readonly day: string; readonly detail: string }[];
};

/** What the supervisor needs to know about its service; from the worker's table and configuration. */
export type ServiceBrief = {
  readonly service: string;
  readonly layer: string;
  readonly policy: RestartPolicy;
  readonly newsMs: number;
  readonly startMs: number;
  readonly stopWaitMs: number;
  readonly hasSearchAttributes: boolean;
};

export type RunDescription =
  | { readonly kind: "absent" }
  | {
      readonly kind: "open";
      readonly runId: string;
      readonly life: number;
      readonly details: RunDetails | null;
    }
  | {
      readonly kind: "closed";
      readonly runId: string;
      readonly life: number;
      /** COMPLETED, TERMINATED, CANCELLED, ... */
      readonly status: string;
      readonly result: RunResult | null;
    };

/** From the run's activity to the supervisor: a transition of the verdict, or another process. */
export type RunReport = { readonly run_id: string; readonly details: RunDetails };
/** From the run to the supervisor: it is over. */
export type RunEnded = { readonly run_id: string; readonly result: RunResult };

export const reportSignal = defineSignal<[RunReport]>("runReport");
export const endedSignal = defineSignal<[RunEnded]>("runEnded");
/** To the run, from a supervisor that did not start it: it will not hear of its close by itself. */
export const adoptRunSignal = defineSignal("adoptRun");
/** To the run: end this life of the process. */
export const endRunSignal = defineSignal("endRun");

export const startUpdate = defineUpdate<ServiceStatus, [unknown]>("start");
export const stopUpdate = defineUpdate<ServiceStatus, [unknown]>("stop");
export const restartUpdate = defineUpdate<ServiceStatus, [unknown]>("restart");
export const setModeUpdate = defineUpdate<ServiceStatus, [unknown]>("setMode");
export const statusQuery = defineQuery<ServiceStatus>("status");
