/**
 * Files that could not be taken: examined again while they change, given up after two seconds without a change.
 * Unreadable files are reported as quarantined as well, but retried in every round, in turn where there are many.
 */
import type { JournalFile, ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import type { Examined } from "./examine.ts";
import { type Candidate, type Intake, statOf } from "./intake.ts";

const STILL_AFTER_MS = 2_000;
/** Above this limit a file is given up at once; a later change is still noticed. */
const UNFINISHED_MAX = 20_000;

/** Unreadable files that are retried in one round, in turn. */
export const TRIED_PER_ROUND = 500;

/** On a share each stat is a round trip: new scans and Hazelcast wait no longer than this. */
const REVIEW_SLICE_MS = 20;

type Unfinishable = Extract<Examined, { kind: "unfinished" }>;
/** `mark`: size and time as text, at the last change that was seen, at `changedMs`. */
type Waiting = {
  readonly examined: Unfinishable;
  readonly mark: string;
  readonly changedMs: number;
};

export type UnfinishedDeps = {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  readonly journal: Pick<ScanJournal, "file">;
  readonly nowMs: () => number;
  readonly nowUs: () => number;
};

export class Unfinished {
  readonly #deps: UnfinishedDeps;
  readonly #waiting = new Map<string, Waiting>();
  /** Unreadable files with the reported reason; the next to retry first. */
  readonly #unreadable = new Map<string, string>();
  /** One file became readable: the cause may be gone for all of them. */
  #isMended = false;
  /** The review in progress. */
  #review: Generator<JournalFile | null> | null = null;

  constructor(deps: UnfinishedDeps) {
    this.#deps = deps;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** True while only some of the files have been examined. */
  get isReviewing(): boolean {
    return this.#review !== null;
  }

  /** Keeps a file for another look; returns its verdict when there is no room to wait. */
  keep(candidate: Candidate, examined: Unfinishable): JournalFile | null {
    const mark = markOf(examined.stat);
    if (
      examined.reason === "unreadable" &&
      this.#unreadable.get(candidate.name) === examined.detail
    ) {
      return null;
    }
    const before = this.#waiting.get(candidate.name);
    if (before === undefined && UNFINISHED_MAX <= this.count)
      return this.#giveUp(candidate.name, examined);
    const changedMs = before?.mark === mark ? before.changedMs : this.#deps.nowMs();
    this.#waiting.set(candidate.name, { examined, mark, changedMs });
    this.#deps.intake.hold(candidate);
    return null;
  }

  settled(file: string): void {
    this.#waiting.delete(file);
    this.#noLongerUnreadable(file);
  }

  /**
   * Examines unfinished files for a slice of time, so that a review may take several calls; returns the verdicts on
   * those that no longer change.
   */
  review(): JournalFile[] {
    const verdicts: JournalFile[] = [];
    this.#review ??= this.#examineAll();
    const endMs = this.#deps.nowMs() + REVIEW_SLICE_MS;
    do {
      const looked = this.#review.next();
      if (looked.done === true) {
        this.#review = null;
        break;
      }
      if (looked.value !== null) verdicts.push(looked.value);
    } while (this.#deps.nowMs() < endMs);
    return verdicts;
  }

  *#examineAll(): Generator<JournalFile | null> {
    for (const [file, waiting] of this.#waiting) yield this.#examine(file, waiting);
  }

  #examine(file: string, { examined, mark, changedMs }: Waiting): JournalFile | null {
    const { archive, intake, nowMs } = this.#deps;
    const stat = statOf(archive, file);
    if (stat === null) {
      this.#waiting.delete(file);
      intake.release(file);
    } else if (stat !== "unreadable" && examined.stat !== null && markOf(stat) !== mark) {
      intake.offer(file, stat);
    } else if (STILL_AFTER_MS <= nowMs() - changedMs) {
      return this.#giveUp(file, examined);
    } else if (examined.stat === null) {
      // It may have been a single error: retry.
      intake.offer(file, stat);
    }
    return null;
  }

  /**
   * Permission may return without a change of size or time: only a retry shows it, one file per step. Thousands of
   * files that stay unreadable must not take the time of new scans.
   */
  *retryUnreadable(): Generator<void> {
    const { archive, intake } = this.#deps;
    const most = this.#isMended ? this.#unreadable.size : TRIED_PER_ROUND;
    this.#isMended = false;
    for (const [file, detail] of [...this.#unreadable].slice(0, most)) {
      // Settled since the round began.
      if (!this.#unreadable.delete(file)) continue;
      const stat = statOf(archive, file);
      if (stat !== null) {
        // To the end of the queue.
        this.#unreadable.set(file, detail);
        intake.offer(file, stat);
      }
      yield;
    }
  }

  #noLongerUnreadable(file: string): void {
    if (this.#unreadable.delete(file)) this.#isMended = true;
  }

  /** Null where this look failed and an earlier one did not: the earlier verdict stands. */
  #giveUp(file: string, examined: Unfinishable): JournalFile | null {
    this.#waiting.delete(file);
    if (examined.reason === "unreadable") this.#unreadable.set(file, examined.detail);
    else this.#noLongerUnreadable(file);
    if (examined.stat === null && this.#deps.journal.file(file) !== null) {
      this.#deps.intake.release(file);
      return null;
    }
    return {
      file,
      size: examined.stat?.size ?? 0,
      mtimeUs: examined.stat?.mtimeUs ?? 0,
      verdict: { kind: "quarantined", reason: examined.reason, detail: examined.detail },
      atUs: this.#deps.nowUs(),
    };
  }
}

function markOf(stat: { readonly size: number; readonly mtimeUs: number } | null): string {
  return `${stat?.size} ${stat?.mtimeUs}`;
}
