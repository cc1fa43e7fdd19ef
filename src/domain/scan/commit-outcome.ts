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

/** `mine` is this bridge, with the seq that the commit under way ends with. */
export function decideOutcome(mine: Marker, view: ClusterView): Outcome {
  const markers = [view.checkpoint, view.latest].filter((marker) => marker !== null);
  const newer = markers.find(
    (marker) =>
      mine.epoch < marker.epoch ||
      (mine.epoch === marker.epoch && mine.instance !== marker.instance),
  );
  if (newer !== undefined) return { kind: "fenced", by: newer };
  if (view.checkpoint === null) return { kind: "emptied" };
  return markers.some((marker) => mine.seq <= marker.seq)
    ? { kind: "committed" }
    : { kind: "resend" };
}

/** The epoch of a start: above all that the cluster and the journal know. */
export function nextEpoch(view: ClusterView, journalEpoch: number): number {
  return 1 + Math.max(journalEpoch, view.checkpoint?.epoch ?? 0, view.latest?.epoch ?? 0);
}

/** The highest seq that is committed: told by the checkpoint of a batch or by the latest scan. */
export function committedSeq(view: ClusterView): number {
  return Math.max(view.checkpoint?.seq ?? 0, view.latest?.seq ?? 0);
}
