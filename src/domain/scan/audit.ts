/**
 * The audit of the archive: every file on disk has a seq, is a duplicate, or is in quarantine; any other is reported.
 */

/** A request to the bridge over its local socket: it confirms, and then examines every file again. */
export const RELIST_REQUEST = '{"command":"relist"}';
export const RELIST_ANSWER = '{"kind":"asked"}';

/**
 * Meta keys of the journal: for days before the one, and seqs before the other, the journal is not complete. Such
 * days are not repaired, because a push might duplicate a scan.
 */
export const PROVED_DAY_KEY = "proved_day";
export const PROVED_SEQ_KEY = "proved_seq";

export type AuditVerdict = "pushed" | "duplicate" | "quarantined";

/** The journal's record of a file on disk, and whether size and time still match it. */
export type AuditedFile = {
  readonly file: string;
  readonly verdict: AuditVerdict | null;
  readonly isUnchanged: boolean;
  /** In progress: in the journal but not committed, or younger than the time that the bridge may take. */
  readonly isFresh: boolean;
};

export type AuditTotals = {
  files: number;
  pushed: number;
  duplicates: number;
  quarantined: number;
  /** Still being written, or just arrived. */
  pending: number;
  /** Not recorded at all: the holes. */
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

/** Counts one file; returns its category. */
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
