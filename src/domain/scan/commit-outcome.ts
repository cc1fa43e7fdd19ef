/** What a compare-and-set of unknown outcome did, decided from what the cluster holds now. */

/** Epoch, instance and seq as found in `checkpoint` or `latest_eigen_scan`; null when absent. */
export type Marker = { readonly epoch: number; readonly instance: string; readonly seq: number };

export type ClusterView = { readonly checkpoint: Marker | null; readonly latest: Marker | null };

export type Outcome =
  /** A newer bridge has the word: stop, overwrite nothing. */
  | { readonly kind: "fenced"; readonly by: Marker }
  /** The member came back without its maps: refill them from the journal. */
  | { readonly kind: "emptied" }
  | { readonly kind: "committed" }
  | { readonly kind: "resend" };

/** No epoch above it is read, and no start takes one. */
export const EPOCH_MAX = 1e12;
/** No seq above it is read. */
export const SEQ_MAX = 1e12;
/** Who writes a number near a limit must leave us more of them than we can ever use. */
const ROOM = 1e9;
const STARTS_UNKNOWN_MAX = 1_000;

/** Beyond any number of starts it is a stranger's, unless our own have come as far. */
function isBelieved(epoch: number, known: number): boolean {
  return epoch <= EPOCH_MAX - ROOM || epoch <= known + STARTS_UNKNOWN_MAX;
}

/** What no bridge can have counted up to. */
export function isBeyondCount(seq: number): boolean {
  return SEQ_MAX - ROOM < seq;
}

/** `mine` is this bridge, with the seq that the commit under way ends with. */
export function decideOutcome(mine: Marker, view: ClusterView): Outcome {
  const markers = [view.checkpoint, view.latest].filter((marker) => marker !== null);
  const newer = markers.find((marker) => isFencedBy(mine, marker));
  if (newer !== undefined) return { kind: "fenced", by: newer };
  if (view.checkpoint === null) return { kind: "emptied" };
  // Above what we have given there is nothing but a stranger's: it says nothing of ours.
  return markers.some((marker) => mine.seq === marker.seq)
    ? { kind: "committed" }
    : { kind: "resend" };
}

export function isFencedBy(mine: Omit<Marker, "seq">, marker: Marker): boolean {
  if (!isBelieved(marker.epoch, mine.epoch)) return false;
  return (
    mine.epoch < marker.epoch || (mine.epoch === marker.epoch && mine.instance !== marker.instance)
  );
}

/** The highest epoch that the cluster knows; a stranger's is none. */
export function epochOf(view: ClusterView, journalEpoch: number): number {
  const told = [view.checkpoint, view.latest].map((marker) => marker?.epoch ?? 0);
  return Math.max(0, ...told.filter((epoch) => isBelieved(epoch, journalEpoch)));
}

/** The epoch of a start: above all that the cluster and the journal know; null when none is left. */
export function nextEpoch(view: ClusterView, journalEpoch: number): number | null {
  const next = 1 + Math.max(journalEpoch, epochOf(view, journalEpoch));
  return Number.isSafeInteger(next) && next <= EPOCH_MAX ? next : null;
}

/** The highest seq that is committed: told by the checkpoint of a batch or by the latest scan. */
export function committedSeq(view: ClusterView): number {
  return Math.max(view.checkpoint?.seq ?? 0, view.latest?.seq ?? 0);
}

/** Who tells has told nearly all: what a missed one leaves open is far less. */
const LEAP_MAX = 2_000;

/**
 * The highest seq that can have been given, of `known` and of those told above it: a seq far above
 * all others is a stranger's, as nothing bears it out.
 */
export function highestBorneOut(known: number, told: readonly number[]): number {
  let highest = known;
  let before = known;
  for (const seq of told.filter((one) => known < one).toSorted((one, other) => one - other)) {
    // The same one twice bears nothing out.
    if (seq === before) continue;
    if (seq - before <= LEAP_MAX) highest = seq;
    before = seq;
  }
  return highest;
}
