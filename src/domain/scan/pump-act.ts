/**
 * Decides what the bridge's pump does next, from what it has observed. While files wait it reads one batch after the
 * other, each while the cluster works on the previous one. In between come a tick (is this bridge still the writer,
 * and which files are done?) and a review of unfinished files. Invariant: between two ticks, and between two reviews,
 * files are taken when some wait, so that neither a failing tick nor a slow review holds up scans.
 */

export type PumpView = {
  readonly isStopping: boolean;
  /** Files that nobody has read yet. */
  readonly waiting: number;
  /** A batch was sent to the cluster, and its answer is outstanding. */
  readonly isSent: boolean;
  /** The journal did not accept the last batch; its files wait again. */
  readonly isRefused: boolean;
  /** The last chore since files were taken or waited for. */
  readonly lastChore: "none" | "tick" | "review";
  /** Scans that only the journal and the ringbuffer have: no other host has received them. */
  readonly unpublished: number;
  readonly nextTickMs: number;
  readonly nextReviewMs: number;
  /** Files that may still be growing. */
  readonly unfinished: number;
  /** The index of known hashes in memory is complete, so lookups do not read the table. */
  readonly isLearned: boolean;
};

export type PumpAct =
  /** Reads a batch, waits for the answer to the previous one, writes the new one into the journal and sends it. */
  | { readonly kind: "take" }
  /** Waits for the answer to the batch that was sent. */
  | { readonly kind: "await answer" }
  | { readonly kind: "tick" }
  | { readonly kind: "review" }
  /** Reads some more known hashes into memory. */
  | { readonly kind: "learn" }
  /** An event of a new file ends a wait for files, but not one for the journal. */
  | { readonly kind: "wait"; readonly for: "files" | "journal"; readonly ms: number }
  | { readonly kind: "end" };

const JOURNAL_RETRY_MS = 1_000;
/** Below the ringbuffer's capacity, so that losing them is repairable. */
const UNPUBLISHED_MAX = 1_500;

export function nextAct(view: PumpView, nowMs: number): PumpAct {
  const { isStopping, isSent, waiting } = view;
  if (isStopping) return { kind: isSent ? "await answer" : "end" };
  if (view.isRefused) return { kind: "wait", for: "journal", ms: JOURNAL_RETRY_MS };
  const isTickDue = view.nextTickMs <= nowMs || UNPUBLISHED_MAX < view.unpublished;
  const hasTicked = view.lastChore !== "none";
  if (0 < waiting && !hasTicked && !isTickDue) return { kind: "take" };
  if (isSent) return { kind: "await answer" };
  if (!hasTicked && isTickDue) return { kind: "tick" };
  if (view.lastChore !== "review" && view.nextReviewMs <= nowMs) return { kind: "review" };
  if (0 < waiting) return { kind: "take" };
  if (!view.isLearned) return { kind: "learn" };
  return { kind: "wait", for: "files", ms: Math.max(1, dueMs(view) - nowMs) };
}

/** A review is due only when there is something to examine. */
function dueMs({ unfinished, nextTickMs, nextReviewMs }: PumpView): number {
  return unfinished === 0 ? nextTickMs : Math.min(nextTickMs, nextReviewMs);
}
