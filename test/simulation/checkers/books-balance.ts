/** The audit's balance: every file has a seq, is a duplicate or is in quarantine, and the sum is right. */
import { z } from "zod";

const Totals = z.object({
  files: z.number().int(),
  pushed: z.number().int(),
  duplicates: z.number().int(),
  quarantined: z.number().int(),
  pending: z.number().int(),
  missing: z.number().int(),
});
export const AuditJson = z.object({
  total: Totals,
  last_seq: z.number().int(),
  seq_gaps: z.array(z.unknown()),
  missing: z.array(z.string()),
  /** The newest scans, read from the ringbuffer itself. */
  ring: z.object({ lacking: z.array(z.number()), detail: z.string().nullable() }),
  ok: z.boolean(),
});
export type AuditJson = z.infer<typeof AuditJson>;

export function checkBooks(audit: AuditJson): string[] {
  const { files, pushed, duplicates, quarantined, pending, missing } = audit.total;
  const faults: string[] = [];
  if (!audit.ok) faults.push("audit: not ok");
  if (missing !== 0) faults.push(`audit: ${missing} missing: ${audit.missing.join(", ")}`);
  if (pending !== 0) faults.push(`audit: ${pending} still pending`);
  if (audit.seq_gaps.length !== 0) faults.push(`audit: gaps ${JSON.stringify(audit.seq_gaps)}`);
  const { lacking, detail } = audit.ring;
  if (lacking.length !== 0) faults.push(`audit: the ringbuffer lacks seq ${lacking.join(", ")}`);
  if (detail !== null) faults.push(`audit: the ringbuffer was not compared: ${detail}`);
  const sum = pushed + duplicates + quarantined;
  if (files !== sum) faults.push(`audit: ${files} files, but ${sum} accounted for`);
  return faults;
}
