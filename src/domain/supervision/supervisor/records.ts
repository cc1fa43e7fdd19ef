/** The records that a supervisor receives about its service and the runs that hold its process. */
import type { EndKind } from "../next-step.ts";
import type { RestartPolicy } from "../restart-policy.ts";
import type { Cause } from "../ties.ts";
import type { Word } from "../verdict.ts";

/** What the supervisor has to know about its service, from the worker's table and configuration. */
export type ServiceBrief = {
  readonly service: string;
  readonly layer: string;
  readonly policy: RestartPolicy;
  /** After this long without news the server is asked about the run. */
  readonly newsMs: number;
  readonly startMs: number;
  readonly stopWaitMs: number;
  readonly hasSearchAttributes: boolean;
};

/** The end of one life of the process. */
export type LifeRecord = {
  readonly kind: EndKind;
  readonly why: string;
  readonly life: number;
  readonly pid: number | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly started_at: string | null;
  readonly at: string;
  readonly uptime_s: number | null;
  readonly counters: Record<string, number | string | null>;
  readonly last_log: string[];
};

/** The result of a run. */
export type ServiceRunRecord = LifeRecord & {
  readonly service: string;
  readonly restart_times: readonly string[];
  readonly local_lives: readonly unknown[];
  readonly unkillable_pids: readonly number[];
};

/** What the keeper reports about the process of an open run. */
export type LiveFacts = {
  /** When these facts were observed: a workflow description may be older than a report. */
  readonly at: string;
  readonly life: number;
  readonly host: string;
  readonly pid: number | null;
  readonly started_at: string | null;
  readonly word: Word;
  readonly cause: Cause;
  readonly reason: string;
  readonly restart_times: readonly string[];
};

export type OpenRun = { readonly run_id: string; readonly life: number };

/** How the newest run of a service stands, as the server says. */
export type RunFound =
  | { readonly kind: "absent" }
  | {
      readonly kind: "open";
      readonly runId: string;
      readonly life: number;
      readonly details: LiveFacts | null;
    }
  | {
      readonly kind: "closed";
      readonly runId: string;
      readonly life: number;
      /** COMPLETED, TERMINATED, CANCELLED, ... */
      readonly status: string;
      readonly result: ServiceRunRecord | null;
    };
