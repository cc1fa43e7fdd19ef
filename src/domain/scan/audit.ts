/** The archive's books: every file on disk is a seq, a duplicate or in quarantine, or it is named. */

/** Asked of the bridge on its local socket: it then looks at every file anew, and answers that it will. */
export const RELIST_REQUEST = '{"command":"relist"}';
export const RELIST_ANSWER = '{"kind":"asked"}';

/**
 * Meta keys of the journal: what was pushed of days before this one, or had a seq before that one,
 * the journal does not know in full. Such days are not ours: a push might double a scan.
 */
export const PROVED_DAY_KEY = "proved_day";
export const PROVED_SEQ_KEY = "proved_seq";

export type FileVerdict = "pushed" | "duplicate" | "quarantined";

/** What the journal holds of one file on disk, and whether size and time are still the same. */
export type AuditedFile = {
  readonly file: string;
  readonly verdict: FileVerdict | null;
  readonly isUnchanged: boolean;
  /** On its way: journaled but not committed, or younger than the time that the bridge may take. */
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
