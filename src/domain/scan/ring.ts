/** What the ringbuffer of scans must contain. */

import { highestBorneOut } from "./commit-outcome.ts";

/** Its capacity, which is configured in the member's file. */
export const RING_CAPACITY = 2_000;

/**
 * The seqs up to `lastSeq` that are missing, ascending. `inRing` has one entry for each of its values: null where the
 * value is not a scan.
 */
export function lackingInRing(
  inRing: readonly (number | null)[],
  lastSeq: number,
): readonly number[] {
  const seqs = inRing.filter((seq) => seq !== null);
  // One foreign value with a seq far above must not hide what is missing.
  const newest = highestBorneOut(lastSeq, seqs);
  const present = new Set(seqs.filter((seq) => seq <= newest));
  // In a full ring, values that were added twice have pushed the oldest out.
  const room = inRing.length < RING_CAPACITY ? RING_CAPACITY : present.size;
  const lacking: number[] = [];
  for (let seq = Math.max(1, newest - room + 1); seq <= lastSeq; seq += 1) {
    if (!present.has(seq)) lacking.push(seq);
  }
  return lacking;
}

/**
 * The missing seqs from `oursFrom` on, and the seqs to add in order: the missing ones and everything newer, because
 * newer ones would otherwise be older in the ringbuffer and be evicted first.
 */
export function mendingOfRing(
  inRing: readonly (number | null)[],
  { oursFrom, lastSeq }: { readonly oursFrom: number; readonly lastSeq: number },
): { readonly lacking: readonly number[]; readonly toAdd: readonly number[] } {
  const lacking = lackingInRing(inRing, lastSeq).filter((seq) => oursFrom <= seq);
  const [from] = lacking;
  if (from === undefined) return { lacking, toAdd: [] };
  const newer = inRing.filter((seq) => seq !== null && from < seq && seq <= lastSeq);
  const seqs = new Set([...lacking, ...newer.filter((seq) => seq !== null)]);
  return { lacking, toAdd: [...seqs].toSorted((one, other) => one - other) };
}

export type SeqRange = { readonly from: number; readonly to: number };

/** Seqs in ascending order as ranges, both ends included. */
export function rangesOf(seqs: readonly number[]): readonly SeqRange[] {
  const ranges: SeqRange[] = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last?.to === seq - 1) ranges[ranges.length - 1] = { from: last.from, to: seq };
    else ranges.push({ from: seq, to: seq });
  }
  return ranges;
}
