/** Once a second without regard to scans: is this bridge still the one that writes, and what is done. */
import type { ScanJournal } from "../../../adapters/journal/scan-journal.ts";
import { codeOf, messageOf } from "../../../domain/failure.ts";
import { decideOutcome } from "../../../domain/scan/commit-outcome.ts";
import { FencedError, isUnavailable, readView } from "./cluster-state.ts";
import type { CommitDeps } from "./commit.ts";
import { tellDone } from "./refill.ts";

export type TickDeps = {
  readonly commit: CommitDeps;
  readonly journal: ScanJournal;
  readonly log: (line: string) => void;
};

/** Done files told in one tick; a backlog's are told over several. */
const DONE_PER_TICK = 20_000;

/**
 * Checks the epoch and tells other hosts which files are done; returns the seq up to which they
 * have been told. @throws {FencedError} when a newer bridge has the word.
 */
export async function tick(
  { commit, journal, log }: TickDeps,
  { lastSeq, doneSeq }: { readonly lastSeq: number; readonly doneSeq: number },
): Promise<number> {
  const { store, state, identity, patience } = commit;
  try {
    const view = await readView(store, state);
    patience.onAnswer(true, "");
    const outcome = decideOutcome({ ...identity, seq: lastSeq }, view);
    if (outcome.kind === "fenced") throw FencedError.by(outcome.by, identity);
    if (outcome.kind === "emptied") await commit.refill(lastSeq);
    const toSeq = Math.min(lastSeq, doneSeq + DONE_PER_TICK);
    if (toSeq <= doneSeq) return doneSeq;
    await tellDone({ store, journal }, { fromSeq: doneSeq + 1, toSeq });
    journal.setMeta("done_seq", toSeq);
    return toSeq;
  } catch (error) {
    if (isUnavailable(error)) patience.onAnswer(false, messageOf(error));
    else if (codeOf(error) === "JOURNAL_UNAVAILABLE") log(messageOf(error));
    else throw error;
    return doneSeq;
  }
}
