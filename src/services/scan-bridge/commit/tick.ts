/**
 * The tick, once a second, with or without scans: checks that this bridge is still the writer, and publishes which
 * files are done.
 */
import type { ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import { codeOf, messageOf } from "../../../domain/failure.ts";
import { decideOutcome } from "../../../domain/scan/commit-outcome.ts";
import { FencedError, isUnavailable, JournalGoneError, readView } from "./cluster-state.ts";
import type { CommitDeps } from "./commit.ts";
import { tellDone } from "./refill.ts";

export type TickDeps = {
  readonly commit: CommitDeps;
  readonly journal: ScanJournal;
  readonly log: (line: string) => void;
};

export type TickState = {
  readonly lastSeq: number;
  readonly doneSeq: number;
  /** Whether an audit asks for a check of the ringbuffer; reset after the check. */
  readonly ring: { isAsked: boolean };
};

/** Done files that one tick publishes; a backlog takes several ticks. */
const DONE_PER_TICK = 20_000;

/**
 * Checks the epoch, and publishes the done files for other hosts; returns the seq up to which that has been done.
 * @throws {FencedError} when a newer bridge writes.
 */
export async function tick(
  { commit, journal, log }: TickDeps,
  { lastSeq, doneSeq, ring }: TickState,
): Promise<number> {
  const { store, state, identity, patience } = commit;
  try {
    // The next process rebuilds the journal from Hazelcast, which forgets old entries: the sooner it starts, the more
    // is left.
    if (!journal.isInPlace()) throw new JournalGoneError(journal);
    const view = await readView(store, state);
    patience.onAnswer(true, "");
    const outcome = decideOutcome({ ...identity, seq: lastSeq }, view);
    if (outcome.kind === "fenced") throw FencedError.by(outcome.by, identity);
    if (outcome.kind === "emptied") await commit.refill(lastSeq);
    if (ring.isAsked) await commit.mendRing(lastSeq);
    ring.isAsked = false;
    if (lastSeq <= doneSeq) return doneSeq;
    const range = { fromSeq: doneSeq + 1, toSeq: lastSeq, rowsMax: DONE_PER_TICK };
    const toSeq = await tellDone({ store, journal }, range);
    journal.setMeta("done_seq", toSeq);
    return toSeq;
  } catch (error) {
    if (isUnavailable(error)) patience.onAnswer(false, messageOf(error));
    else if (codeOf(error) === "JOURNAL_UNAVAILABLE") log(messageOf(error));
    else throw error;
    return doneSeq;
  }
}
