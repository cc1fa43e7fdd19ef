/** The messages of an incident's mirror, its answers, and its activity's input and result. */
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";

/** An incident as the watchdog reports it; times are ISO-8601. */
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

/** Every field is optional, and so is the whole: its incident arrives by signal. */
export type AlertInput = {
  /** Continues as new at this many events; default: when Temporal suggests it. */
  readonly history_max?: number;
  /** Passed on by continue-as-new. */
  readonly carried?: AlertNews;
};

export type AcknowledgeOrder = {
  readonly incident: string;
  readonly by: string;
  readonly via: "temporal";
};
export type AcknowledgeAnswer = { readonly ok: boolean; readonly says: string };

/** From the worker of layer health: the incident's state. */
export const incidentSignal = defineSignal<[unknown]>("incident");
export const acknowledgeUpdate = defineUpdate<string, [unknown]>("acknowledge");
export const alertQuery = defineQuery<AlertView | null>("status");
