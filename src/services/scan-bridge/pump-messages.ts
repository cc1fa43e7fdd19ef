/** What the bridge's main thread and its pump thread tell each other. */
import type { Configuration } from "../../wire/configuration.ts";
import type { ServiceFacts } from "../../wire/control-pipe.ts";

export type PumpSettings = {
  readonly archive: string;
  readonly journalFile: string;
  readonly instance: string;
  readonly startedUs: number;
  readonly hazelcast: Configuration["hazelcast"];
  readonly bridge: Configuration["scan_bridge"];
};

export type PumpReportMessage = {
  readonly kind: "report";
  readonly state: string;
  readonly facts: ServiceFacts;
  readonly counters: Readonly<Record<string, number | string | null>>;
};

export type PumpMessage =
  | { readonly kind: "journal-open" }
  | PumpReportMessage
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly line: string }
  | { readonly kind: "end"; readonly exitCode: number; readonly line: string };

export type MainMessage =
  { readonly kind: "start"; readonly settings: PumpSettings } | { readonly kind: "stop" };

/** What is said before the pump has said anything. */
export const NO_FACTS: ServiceFacts = {
  archive: "ok",
  hazelcast: "ok",
  newestDataAgeS: null,
  oldestUnpushedAgeS: null,
  progressAgeS: null,
  backlog: 0,
};

export const EXIT_STOPPED = 0;
export const EXIT_FAILED = 1;
export const EXIT_FENCED = 76;
export const EXIT_CONFIGURATION = 78;
