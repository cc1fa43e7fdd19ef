/** The messages of metaHealth, its answers, and its activities' inputs and results. */
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { RecoveryState, Transition } from "../../domain/health/recovery.ts";
import type { RecoveryPolicy } from "../../domain/health/recovery-rules.ts";
import type { Mode } from "../../domain/supervision/next-step.ts";
import type { DecisionRecord, MetaHealthStatus } from "../../wire/health/meta-health-status.ts";
import { TRANSITION_SIGNAL } from "../names.ts";

/** Every field is optional, and so is the whole. */
export type MetaHealthInput = {
  /** Default: auto. */
  readonly mode?: Mode;
  /** Continues as new at this many events; default: when Temporal suggests it. */
  readonly history_max?: number;
  /** State passed on by continue-as-new. */
  readonly carried?: MetaHealthState;
};

/** The state of metaHealth, as plain JSON. */
export type MetaHealthState = {
  recovery: RecoveryState;
  declared_mode: Mode;
  word: string;
  decisions: readonly DecisionRecord[];
  transitions: number;
  restarts: number;
  would_have: number;
  held: number;
  /** Received, but not decided on, at a continue-as-new. */
  pending: readonly Transition[];
  updated_at: string;
};

/** Data that metaHealth may not read itself: from its worker's clock and configuration, and from supervisors. */
export type RecoveryObservation = {
  readonly nowMs: number;
  readonly policy: RecoveryPolicy;
  readonly hasSearchAttributes: boolean;
  /** Age of health's last sample; null: unknown. */
  readonly healthAgeMs: number | null;
  /** By service, as counted by its supervisor. */
  readonly restartsMs: Readonly<Record<string, readonly number[]>>;
};
export type RecoveryOrder = {
  readonly decision: string;
  readonly target: { readonly kind: "service" | "server"; readonly name: string };
  readonly why: string;
  readonly at_ms: number;
};

/** From the service health: a diagnosis that differs from the previous one. */
export const transitionSignal = defineSignal<[unknown]>(TRANSITION_SIGNAL);
export const setRecoveryModeUpdate = defineUpdate<MetaHealthStatus, [unknown]>("setMode");
export const metaHealthQuery = defineQuery<MetaHealthStatus>("status");
