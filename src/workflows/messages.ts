/** Signals, queries, updates and inputs of the workflows: what one may send to them and what they answer. */
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { GridAxis } from "../domain/backtest/parameter-grid.ts";
import type { RunSettings } from "../domain/backtest/run-settings.ts";
import type { Intent, Mode } from "../domain/supervision/next-step.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import type { RunDetails, RunResult, ServiceStatus } from "../wire/supervision.ts";
import type {
  CommandAnswer,
  SessionPnl,
  SessionPositions,
  TradesRange,
} from "../wire/session/trade-session.ts";
import type { DayDrift } from "../wire/session/day-drift.ts";
import type { DayReplayJson } from "../wire/session/day-replay.ts";
import type { SupervisorState } from "./supervisor-state.ts";
import type { SessionState } from "./trading/session-state.ts";

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

/** A backtest as the activities take it: what was left out of the input is filled in. */
export type BacktestRequest = {
  /** Also of its folder. */
  readonly name: string;
  /** Null: the worker's. */
  readonly archive: string | null;
  readonly from: string | null;
  readonly to: string | null;
  /** A built-in strategy's name, or a file that every batch worker has. */
  readonly strategy: string;
  readonly settings: RunSettings;
};

export type SweepRequest = BacktestRequest & {
  readonly axes: readonly GridAxis[];
  readonly walkForward: { readonly trainDays: number; readonly testDays: number } | null;
};

/** Where the result lies: never the result itself. */
export type BacktestReference = {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  /** Of the file's bytes. */
  readonly sha256: string;
  readonly resultHash: string;
  readonly scans: number;
  readonly total: number;
  readonly trades: number;
};

export type SweepProgress = {
  readonly chunks: number;
  readonly chunks_total: number;
  readonly trials: number;
  readonly trials_total: number;
  readonly seconds_left: number | null;
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
export const progressQuery = defineQuery<SweepProgress>("progress");
export const statusQuery = defineQuery<ServiceStatus>("status");

/** Every field is optional, and so is the whole. */
export type TradeSessionInput = {
  /** Default of both: from the workflow id `trades-<book>-YYYY-MM-DD`. */
  readonly book?: string;
  readonly day?: string;
  /** Trades booked by events up to this one are not this session's; default: what the first message says. */
  readonly after?: number;
  /** Continues as new at this many events; default: when Temporal suggests it. */
  readonly history_max?: number;
  /** State handed on by continue-as-new. */
  readonly carried?: SessionState;
};

/** What a session needs to know about its book; from the worker's table and clock. */
export type SessionBrief = {
  readonly layer: string;
  readonly service: string;
  /** Not above zero: the day is over. */
  readonly dayEndsInMs: number;
  readonly hasSearchAttributes: boolean;
};

/** From the outbox of the book's trader. */
export const tradesSignal = defineSignal<[TradesRange]>("trades");
export const enterUpdate = defineUpdate<CommandAnswer, [unknown]>("enter");
export const flattenUpdate = defineUpdate<CommandAnswer, [unknown]>("flatten");
export const haltUpdate = defineUpdate<CommandAnswer, [unknown]>("halt");
export const resumeUpdate = defineUpdate<CommandAnswer, [unknown]>("resume");
export const settleUpdate = defineUpdate<SessionPnl, [unknown]>("settle");
export const pnlQuery = defineQuery<SessionPnl>("pnl");
export const positionsQuery = defineQuery<SessionPositions>("positions");

/** Every field is optional, and so is the whole. */
export type PaperTradeInput = {
  /** Default: BLUE. */
  readonly book?: string;
  /** Default: the UTC day at the start. A day that is over is only settled and replayed. */
  readonly day?: string;
  /** Default: 1800. */
  readonly bridge_wait_s?: number;
  /** Ends the run after so long instead of at the day's end; the day then stays open. */
  readonly run_s?: number;
  /** Default: 600. */
  readonly settle_wait_s?: number;
};

export type PaperTradeResult = {
  readonly book: string;
  readonly day: string;
  /** What was found before the run, a sentence each; empty for a day that was over. */
  readonly checks: readonly string[];
  readonly session: SessionPnl;
  readonly replay: Omit<DayReplayJson, "broker">;
  readonly broker_parity: DayReplayJson["broker"] & { readonly compared: number };
  /** Reported only: it fails no day. */
  readonly backtest_drift: DayDrift;
};
