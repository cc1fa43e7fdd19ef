/** What one may send to the mirror of an incident, what it answers, and what its activity takes and tells. */
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";

/** An incident as the watchdog tells it; times are ISO-8601. */
export type AlertView = {
  readonly incident: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: string;
  /** `firing`, `acknowledged` or `resolved`. */
  readonly state: string;
  readonly summary: string;
  readonly cause: string | null;
  readonly held: string | null;
  readonly started_at: string;
  readonly resolved_at: string | null;
  readonly told: readonly string[];
  readonly story: readonly string[];
};

export type AlertNews = { readonly view: AlertView; readonly has_search_attributes: boolean };

/** Every field is optional, and so is the whole: what it is about comes by signal. */
export type AlertInput = {
  /** Continues as new at this many events; default: when Temporal suggests it. */
  readonly history_max?: number;
  /** Handed on by continue-as-new. */
  readonly carried?: AlertNews;
};

export type AcknowledgeOrder = {
  readonly incident: string;
  readonly by: string;
  readonly via: "temporal";
};
export type AcknowledgeAnswer = { readonly ok: boolean; readonly says: string };

/** From the worker of layer health: how the incident stands. */
export const incidentSignal = defineSignal<[unknown]>("incident");
export const acknowledgeUpdate = defineUpdate<string, [unknown]>("acknowledge");
export const alertQuery = defineQuery<AlertView | null>("status");
