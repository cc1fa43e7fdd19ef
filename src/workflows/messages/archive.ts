/** Inputs and results of the workflows of the archive. */
import type { AuditTotals } from "../../domain/scan/audit.ts";

export type CompactArchiveInput = {
  /** Default: every day that is over and not compacted, or behind its folder. */
  readonly days?: readonly string[];
  /** The result of the runs before this one, handed on by continue-as-new. */
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

/** The audit's table; `problems` says of each day that differs why. */
export type IngestScansResult = {
  readonly first_day: string | null;
  readonly days: Readonly<Record<string, AuditTotals>>;
  readonly total: AuditTotals;
  readonly last_seq: number;
  readonly seq_gaps: readonly { readonly after: number; readonly before: number }[];
  /** At most a hundred each. */
  readonly rewritten: readonly string[];
  readonly missing: readonly string[];
  /** From the last day's audit; null where there was none. */
  readonly ring: {
    readonly compared: number;
    readonly lacking: readonly number[];
    /** None in the result of an older program. */
    readonly lacks?: number;
    readonly ranges?: readonly { readonly from: number; readonly to: number }[];
    readonly without_file: number;
    readonly detail: string | null;
  } | null;
  readonly problems: readonly { readonly day: string; readonly detail: string }[];
};
