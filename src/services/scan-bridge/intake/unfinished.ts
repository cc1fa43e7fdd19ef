/**
 * Files that could not be taken: looked at again while they change, given up after two seconds of
 * stillness. What cannot be opened is reported as quarantined, too, and tried again in every round, in turn
 * where there are many.
 */
import type { JournalFile, ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import type { Examined } from "./examine.ts";
import { type Candidate, type Intake, statOf } from "./intake.ts";

const STILL_AFTER_MS = 2_000;
/** Beyond this many a file is given up at once; a change of it is seen all the same. */
const UNFINISHED_MAX = 20_000;

/** Of more files that cannot be opened so many are tried in one round, in turn. */
export const TRIED_PER_ROUND = 500;

/** On a share each look asks another machine: new scans and Hazelcast wait no longer than this. */
const REVIEW_SLICE_MS = 20;

type Look = Extract<Examined, { kind: "unfinished" }>;
/** `mark` is size and time as text when they were last seen to change, at `changedMs`. */
type Waiting = { readonly look: Look; readonly mark: string; readonly changedMs: number };

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
  /** Files that cannot be opened, with the reason that was reported; the next to be tried first. */
  readonly #unreadable = new Map<string, string>();
  /** A file could be opened again: the cause may be gone for all of them. */
  #isMended = false;
  /** The look at all files that is under way. */
  #review: Generator<JournalFile | null> | null = null;

  constructor(deps: UnfinishedDeps) {
    this.#deps = deps;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** True while only a part of the files has been looked at. */
  get isReviewing(): boolean {
    return this.#review !== null;
  }

  /** Keeps a file for another look; returns its verdict when there is no room to wait. */
  keep(candidate: Candidate, look: Look): JournalFile | null {
    const mark = markOf(look.stat);
    if (look.reason === "unreadable" && this.#unreadable.get(candidate.name) === look.detail) {
      return null;
    }
    const before = this.#waiting.get(candidate.name);
    if (before === undefined && UNFINISHED_MAX <= this.count)
      return this.#giveUp(candidate.name, look);
    const changedMs = before?.mark === mark ? before.changedMs : this.#deps.nowMs();
    this.#waiting.set(candidate.name, { look, mark, changedMs });
    this.#deps.intake.hold(candidate);
    return null;
  }

  settled(file: string): void {
    this.#waiting.delete(file);
    this.#noLongerUnreadable(file);
  }

  /**
   * Looks at unfinished files for a slice of time, all of them in several; returns the verdicts on
   * those that stand still.
   */
  review(): JournalFile[] {
    const verdicts: JournalFile[] = [];
    this.#review ??= this.#lookAtAll();
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

  *#lookAtAll(): Generator<JournalFile | null> {
    for (const [file, waiting] of this.#waiting) yield this.#look(file, waiting);
  }

  #look(file: string, { look, mark, changedMs }: Waiting): JournalFile | null {
    const { archive, intake, nowMs } = this.#deps;
    const stat = statOf(archive, file);
    if (stat === null) {
      this.#waiting.delete(file);
      intake.release(file);
    } else if (stat !== "unreadable" && look.stat !== null && markOf(stat) !== mark) {
      intake.offer(file, stat);
    } else if (STILL_AFTER_MS <= nowMs() - changedMs) {
      return this.#giveUp(file, look);
    } else if (look.stat === null) {
      // It may have been one error: ask by trying.
      intake.offer(file, stat);
    }
    return null;
  }

  /**
   * Permission comes back without a change of size or time: ask by trying, a file a step. Thousands that
   * stay as they are must not take the time of new scans.
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
        // To the end of the line.
        this.#unreadable.set(file, detail);
        intake.offer(file, stat);
      }
      yield;
    }
  }

  #noLongerUnreadable(file: string): void {
    if (this.#unreadable.delete(file)) this.#isMended = true;
  }

  /** Null where a look failed and an earlier one did not: it replaces no verdict. */
  #giveUp(file: string, look: Look): JournalFile | null {
    this.#waiting.delete(file);
    if (look.reason === "unreadable") this.#unreadable.set(file, look.detail);
    else this.#noLongerUnreadable(file);
    if (look.stat === null && this.#deps.journal.file(file) !== null) {
      this.#deps.intake.release(file);
      return null;
    }
    return {
      file,
      size: look.stat?.size ?? 0,
      mtimeUs: look.stat?.mtimeUs ?? 0,
      verdict: { kind: "quarantined", reason: look.reason, detail: look.detail },
      atUs: this.#deps.nowUs(),
    };
  }
}

function markOf(stat: { readonly size: number; readonly mtimeUs: number } | null): string {
  return `${stat?.size} ${stat?.mtimeUs}`;
}
