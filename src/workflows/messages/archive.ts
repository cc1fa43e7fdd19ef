/** Inputs and results of the workflows of the archive. */
import type { AuditTotals } from "../../domain/scan/audit.ts";

export type CompactArchiveInput = {
  /** Default: every finished day that is not compacted, or was changed since. */
  readonly days?: readonly string[];
  /** The result of earlier runs, passed on by continue-as-new. */
  readonly carried?: CompactArchiveResult;
};

/** Numbers of days; `problems` has at most a hundred entries. */
export type CompactArchiveResult = {
  readonly written: number;
  readonly unchanged: number;
  readonly empty: number;
  readonly rows: number;
  readonly problems: readonly { readonly day: string; readonly detail: string }[];
};

/** The audit's table; `problems` says why each differing day differs. */
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
    /** Absent in the result of an older release. */
    readonly lacks?: number;
    readonly ranges?: readonly { readonly from: number; readonly to: number }[];
    readonly without_file: number;
    readonly detail: string | null;
  } | null;
  readonly problems: readonly { readonly day: string; readonly detail: string }[];
};
