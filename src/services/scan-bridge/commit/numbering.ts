/** Turns new scans into journal rows: each gets its seq, its place in the order, and its marks. */
import type { JournalScan } from "../../../adapters/scan-journal/scan-journal.ts";
import { isLate, isReplayed, type Newest } from "../../../domain/scan/order.ts";
import type { NewScan } from "../intake/examine.ts";

export type Numbering = {
  readonly lastSeq: number;
  /** The newest scan in order. */
  readonly newest: Newest | null;
  readonly epoch: number;
  readonly nowMs: number;
  readonly nowUs: number;
};

export function numberScans(
  scans: readonly NewScan[],
  { lastSeq, newest, epoch, nowMs, nowUs }: Numbering,
): { readonly rows: readonly JournalScan[]; readonly newest: Newest | null } {
  let newestYet = newest;
  const rows = scans.map(({ candidate, stat, scanNumber, hash, decodedUs }, index) => {
    const timeUs = Math.min(stat.mtimeUs, candidate.notAfterUs);
    const inOrder = { timeUs, name: candidate.name, scanNumber };
    const late = isLate(inOrder, newestYet);
    if (!late) newestYet = inOrder;
    const { foundByFirstListing, firstSeenMs, firstSeenUs } = candidate;
    return {
      seq: lastSeq + 1 + index,
      epoch,
      file: candidate.name,
      hash,
      scanNumber,
      size: stat.size,
      mtimeUs: stat.mtimeUs,
      timeUs,
      late,
      replayed: isReplayed({ foundByFirstListing, waitedMs: nowMs - firstSeenMs }),
      pushedUs: nowUs,
      seenUs: firstSeenUs,
      decodedUs,
    };
  });
  return { rows, newest: newestYet };
}
