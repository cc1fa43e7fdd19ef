/**
 * Files that could not be taken: looked at again while they change, given up after two seconds of
 * stillness. What cannot be opened is told as quarantined too, and tried again in every round.
 */
import type { JournalFile } from "../../../adapters/journal/scan-journal.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import type { Examined } from "./examine.ts";
import { type Candidate, type Intake, statOf } from "./intake.ts";

const STILL_AFTER_MS = 2_000;
/** Beyond this many a file is given up at once; a change of it is seen all the same. */
const UNFINISHED_MAX = 20_000;

type Look = Extract<Examined, { kind: "unfinished" }>;
/** `mark` is size and time as text when they were last seen to change, at `changedMs`. */
type Waiting = { readonly look: Look; readonly mark: string; readonly changedMs: number };

export type UnfinishedDeps = {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  readonly nowMs: () => number;
  readonly nowUs: () => number;
};

export class Unfinished {
  readonly #deps: UnfinishedDeps;
  readonly #waiting = new Map<string, Waiting>();
  /** What was told of files that cannot be opened; they are tried again in every round. */
  readonly #unreadable = new Map<string, string>();

  constructor(deps: UnfinishedDeps) {
    this.#deps = deps;
  }

  get count(): number {
    return this.#waiting.size;
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
    this.#unreadable.delete(file);
  }

  /** Looks at every unfinished file; returns the verdicts on those that stand still. */
  review(): JournalFile[] {
    const { archive, intake, nowMs } = this.#deps;
    const verdicts: JournalFile[] = [];
    for (const [file, { look, mark, changedMs }] of this.#waiting) {
      const stat = statOf(archive, file);
      if (stat === null) {
        this.#waiting.delete(file);
        intake.release(file);
      } else if (stat !== "unreadable" && look.stat !== null && markOf(stat) !== mark) {
        intake.offer(file);
      } else if (STILL_AFTER_MS <= nowMs() - changedMs) {
        verdicts.push(this.#giveUp(file, look));
      } else if (look.stat === null) {
        // It may have been one error: ask by trying.
        intake.offer(file);
      }
    }
    return verdicts;
  }

  /** Permission comes back without a change of size or time: ask by trying. */
  retryUnreadable(): void {
    const { archive, intake } = this.#deps;
    for (const file of this.#unreadable.keys()) {
      if (statOf(archive, file) === null) this.#unreadable.delete(file);
      else intake.offer(file);
    }
  }

  #giveUp(file: string, look: Look): JournalFile {
    this.#waiting.delete(file);
    if (look.reason === "unreadable") this.#unreadable.set(file, look.detail);
    else this.#unreadable.delete(file);
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
