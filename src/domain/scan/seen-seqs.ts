/**
 * The seqs that a reader has seen, at least once each and in any order: counts distinct ones and remembers the gaps.
 */

/** Beyond this the oldest gaps are counted as lost. */
export const HOLES_MAX = 100_000;

export type SeenSeqs = {
  /** Seqs up to this one existed before and do not count. */
  readonly base: number;
  highest: number;
  /** Distinct seqs above the base. */
  seen: number;
  /** Seqs below the highest that were not seen, ascending. */
  readonly holes: Set<number>;
  /** Gaps that were counted as lost. */
  lost: number;
};

export function createSeenSeqs(base: number): SeenSeqs {
  return { base, highest: base, seen: 0, holes: new Set(), lost: 0 };
}

/** Returns whether the seq was new. */
export function noteSeq(seqs: SeenSeqs, seq: number): boolean {
  if (seq <= seqs.highest) {
    const wasHole = seqs.holes.delete(seq);
    if (wasHole) seqs.seen += 1;
    return wasHole;
  }
  const firstHole = Math.max(seqs.highest + 1, seq - HOLES_MAX);
  seqs.lost += firstHole - (seqs.highest + 1);
  for (let hole = firstHole; hole < seq; hole += 1) seqs.holes.add(hole);
  seqs.highest = seq;
  seqs.seen += 1;
  for (const hole of seqs.holes) {
    if (seqs.holes.size <= HOLES_MAX) break;
    seqs.holes.delete(hole);
    seqs.lost += 1;
  }
  return true;
}

export function gapsIn(seqs: SeenSeqs): number {
  return seqs.holes.size + seqs.lost;
}

/** The gaps that existed already a while ago: events of neighbouring scans may arrive out of order. */
export function lastingGaps(seqs: SeenSeqs, holesBefore: ReadonlySet<number>): number {
  return seqs.holes.intersection(holesBefore).size + seqs.lost;
}
