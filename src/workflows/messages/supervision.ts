/** What one may send to supervisors and runs, and what they answer. */
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { ServiceDeclaration } from "../../domain/supervision/declared/declaration.ts";
import type { Intent, Mode } from "../../domain/supervision/next-step.ts";
import type { RunDetails, RunResult, ServiceStatus } from "../../wire/supervision.ts";
import type { SupervisorState } from "../../domain/supervision/supervisor/supervisor-state.ts";

export type { RunDetails, RunResult, ServiceStatus } from "../../wire/supervision.ts";

/** Every field is optional, and so is the whole. */
export type SuperviseServiceInput = {
  /** Default: the workflow id after `supervise-`. */
  readonly service?: string;
  /** Default: running. */
  readonly intent?: Intent;
  /** Default: auto. */
  readonly mode?: Mode;
  /** What the configuration says of the service; default: what the worker's says. */
  readonly declared?: ServiceDeclaration;
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
  /** Null: as the worker's table has it. */
  readonly declared?: ServiceDeclaration | null;
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
export type RunReport = {
  readonly run_id: string;
  readonly details: RunDetails;
  /** The run's attempt heard from the server that the run is gone: look how it stands. */
  readonly lost?: true;
};

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

/** `says` tells what a supervisor did about a decision, or why it did nothing. */
export type RecoverAnswer = { readonly done: boolean; readonly says: string };
/** From metaHealth: end this life, as sick, if the budget allows another. Done once for each decision. */
export const recoverUpdate = defineUpdate<RecoverAnswer, [unknown]>("recover");

/** Takes what `dolphin.yaml` says of the service, in place of what was declared before. */
export const configureUpdate = defineUpdate<ServiceStatus, [unknown]>("configure");
export const statusQuery = defineQuery<ServiceStatus>("status");
