/** The messages of supervisors and runs, and their answers. */
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
  /** The service's configuration; default: the worker's. */
  readonly declared?: ServiceDeclaration;
  /** Continues as new at this many events; default: when Temporal suggests it. */
  readonly history_max?: number;
  /** State passed on by continue-as-new. */
  readonly carried?: SupervisorState;
};

export type ServiceRunInput = {
  /** Default: the workflow id after `run-`. */
  readonly service?: string;
  /** Default: 1. */
  readonly life?: number;
  /** Restarts so far that cost budget. */
  readonly restart_times?: readonly string[];
  /** This start costs budget: its time is added to the restart times. */
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

/** From the run's activity to the supervisor: a change of the verdict, or another process. */
export type RunReport = {
  readonly run_id: string;
  readonly details: RunDetails;
  /** The server told the run's attempt that the run is gone: look at its state. */
  readonly lost?: true;
};

/** From the run to the supervisor: it has ended. */
export type RunEnded = { readonly run_id: string; readonly result: RunResult };

export const reportSignal = defineSignal<[RunReport]>("runReport");
export const endedSignal = defineSignal<[RunEnded]>("runEnded");

/** To a run that another supervisor started: report your end, because the server will not. */
export const adoptRunSignal = defineSignal("adoptRun");

/** To the run: end this life of the process. */
export const endRunSignal = defineSignal("endRun");
export const startUpdate = defineUpdate<ServiceStatus, [unknown]>("start");
export const stopUpdate = defineUpdate<ServiceStatus, [unknown]>("stop");
export const restartUpdate = defineUpdate<ServiceStatus, [unknown]>("restart");
export const setModeUpdate = defineUpdate<ServiceStatus, [unknown]>("setMode");

/** `says`: what the supervisor did about a decision, or why it did nothing. */
export type RecoverAnswer = { readonly done: boolean; readonly says: string };
/** From metaHealth: end this life as unhealthy, if the budget allows another. Carried out once per decision. */
export const recoverUpdate = defineUpdate<RecoverAnswer, [unknown]>("recover");

/** Takes the service's declaration from `dolphin.yaml`, in place of the previous one. */
export const configureUpdate = defineUpdate<ServiceStatus, [unknown]>("configure");
export const statusQuery = defineQuery<ServiceStatus>("status");
