/** The archive's books: every file on disk is a seq, a duplicate or in quarantine, or it is named. */

/** Meta key of the journal that an audit sets: the bridge then looks at every file anew. */
export const RELIST_KEY = "relist";

export type FileVerdict = "pushed" | "duplicate" | "quarantined";

/** What the journal holds of one file on disk, and whether size and time are still the same. */
export type AuditedFile = {
  readonly file: string;
  readonly verdict: FileVerdict | null;
  readonly isUnchanged: boolean;
  /** Younger than this start of the audit by less than the bridge may take. */
  readonly isFresh: boolean;
};

export type AuditTotals = {
  files: number;
  pushed: number;
  duplicates: number;
  quarantined: number;
  /** Still being written, or just arrived. */
  pending: number;
  /** Neither: the holes. */
  missing: number;
};

export const NO_TOTALS: Readonly<AuditTotals> = {
  files: 0,
  pushed: 0,
  duplicates: 0,
  quarantined: 0,
  pending: 0,
  missing: 0,
};

/** Counts one file; returns the column that it falls in. */
export function countFile(totals: AuditTotals, audited: AuditedFile): keyof AuditTotals {
  const column = columnOf(audited);
  totals.files += 1;
  totals[column] += 1;
  return column;
}

function columnOf({
  verdict,
  isUnchanged,
  isFresh,
}: AuditedFile): Exclude<keyof AuditTotals, "files"> {
  if (verdict === null || !isUnchanged) return isFresh ? "pending" : "missing";
  switch (verdict) {
    case "pushed":
      return "pushed";
    case "duplicate":
      return "duplicates";
    case "quarantined":
      return "quarantined";
  }
}
