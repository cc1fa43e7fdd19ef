/** Determines the outcome of a compare-and-set that was not answered, from what the cluster holds now. */

/** Epoch, instance and seq as found in `checkpoint` or `latest_eigen_scan`; null when absent. */
export type CommitMarker = {
  readonly epoch: number;
  readonly instance: string;
  readonly seq: number;
};

export type ClusterView = {
  readonly checkpoint: CommitMarker | null;
  readonly latest: CommitMarker | null;
};

export type CommitOutcome =
  /** A newer bridge has taken over: stop, and overwrite nothing. */
  | { readonly kind: "fenced"; readonly by: CommitMarker }
  /** The member came back without its maps: restore them from the journal. */
  | { readonly kind: "emptied" }
  | { readonly kind: "committed" }
  | { readonly kind: "resend" };

/** Higher epochs are neither read nor assigned. */
export const EPOCH_MAX = 1e12;
/** Higher seqs are not read. */
export const SEQ_MAX = 1e12;
/** A foreign value near a limit must leave more numbers than we can ever use. */
const ROOM = 1e9;
const STARTS_UNKNOWN_MAX = 1_000;

/** An epoch beyond any plausible number of starts is a foreign value, unless our own have come as far. */
function isBelieved(epoch: number, known: number): boolean {
  return epoch <= EPOCH_MAX - ROOM || epoch <= known + STARTS_UNKNOWN_MAX;
}

/** No bridge can have counted this far. */
export function isBeyondCount(seq: number): boolean {
  return SEQ_MAX - ROOM < seq;
}

/** `mine`: this bridge, with the last seq of the commit in progress. */
export function decideOutcome(mine: CommitMarker, view: ClusterView): CommitOutcome {
  const markers = [view.checkpoint, view.latest].filter((marker) => marker !== null);
  const newer = markers.find((marker) => isFencedBy(mine, marker));
  if (newer !== undefined) return { kind: "fenced", by: newer };
  if (view.checkpoint === null) return { kind: "emptied" };
  // A seq above all that we have assigned is a foreign value, and says nothing about ours.
  return markers.some((marker) => mine.seq === marker.seq)
    ? { kind: "committed" }
    : { kind: "resend" };
}

export function isFencedBy(mine: Omit<CommitMarker, "seq">, marker: CommitMarker): boolean {
  if (!isBelieved(marker.epoch, mine.epoch)) return false;
  return (
    mine.epoch < marker.epoch || (mine.epoch === marker.epoch && mine.instance !== marker.instance)
  );
}

/** The highest epoch that the cluster knows, foreign values excluded. */
export function epochOf(view: ClusterView, journalEpoch: number): number {
  const epochs = [view.checkpoint, view.latest].map((marker) => marker?.epoch ?? 0);
  return Math.max(0, ...epochs.filter((epoch) => isBelieved(epoch, journalEpoch)));
}

/** The epoch of a start: above all that the cluster and the journal know; null when none is left. */
export function nextEpoch(view: ClusterView, journalEpoch: number): number | null {
  const next = 1 + Math.max(journalEpoch, epochOf(view, journalEpoch));
  return Number.isSafeInteger(next) && next <= EPOCH_MAX ? next : null;
}

/** The highest committed seq, from the checkpoint of a batch or from the latest scan. */
export function committedSeq(view: ClusterView): number {
  return Math.max(view.checkpoint?.seq ?? 0, view.latest?.seq ?? 0);
}

/** Readers miss few scans, so a larger distance between two reported seqs is not plausible. */
const LEAP_MAX = 2_000;

/**
 * The highest seq that can have been assigned, from `known` and the reported seqs above it: a seq far above all
 * others is a foreign value, as nothing confirms it.
 */
export function highestBorneOut(known: number, seqs: readonly number[]): number {
  let highest = known;
  let before = known;
  for (const seq of seqs.filter((one) => known < one).toSorted((one, other) => one - other)) {
    // The same value twice confirms nothing.
    if (seq === before) continue;
    if (seq - before <= LEAP_MAX) highest = seq;
    before = seq;
  }
  return highest;
}
