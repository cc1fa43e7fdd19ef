/**
 * Files that could not be taken: looked at again while they change, given up after two seconds of
 * stillness. What cannot be opened is told as quarantined too, and tried again in every round.
 */
import type { JournalFile } from "../../adapters/journal/scan-journal.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import type { Examined } from "./examine.ts";
import { type Candidate, type Intake, statOf } from "./intake.ts";

export const STILL_AFTER_MS = 2_000;
/** Beyond this many a file is given up at once; a change of it is seen all the same. */
export const UNFINISHED_MAX = 20_000;

type Held = {
  readonly candidate: Candidate;
  readonly looked: Extract<Examined, { kind: "unfinished" }>;
  /** Size and time as text, when they were last seen to change. */
  mark: string;
  changedMs: number;
};

export type Unfinished = ReturnType<typeof createUnfinished>;

export function createUnfinished(deps: {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  readonly nowMs: () => number;
  readonly nowUs: () => number;
}) {
  const held = new Map<string, Held>();
  const unreadable = new Set<string>();

  const verdictOn = (file: string, looked: Held["looked"]): JournalFile => ({
    file,
    size: looked.stat?.size ?? 0,
    mtimeUs: looked.stat?.mtimeUs ?? 0,
    verdict: { kind: "quarantined", reason: looked.reason, detail: looked.detail },
    atUs: deps.nowUs(),
  });
  const giveUp = (file: string, looked: Held["looked"]): JournalFile => {
    held.delete(file);
    if (looked.reason === "unreadable") unreadable.add(file);
    return verdictOn(file, looked);
  };

  return {
    /** Keeps a file for another look; returns its verdict when there is no room to wait. */
    keep(candidate: Candidate, looked: Held["looked"]): JournalFile | null {
      const mark = `${looked.stat?.size} ${looked.stat?.mtimeUs}`;
      const before = held.get(candidate.name);
      const changedMs = before?.mark === mark ? before.changedMs : deps.nowMs();
      if (before === undefined && UNFINISHED_MAX <= held.size) {
        return giveUp(candidate.name, looked);
      }
      held.set(candidate.name, { candidate, looked, mark, changedMs });
      deps.intake.hold(candidate);
      return null;
    },
    settled(file: string): void {
      held.delete(file);
      unreadable.delete(file);
    },
    /** Looks at every unfinished file; returns the verdicts on those that stand still. */
    review(): JournalFile[] {
      const verdicts: JournalFile[] = [];
      for (const [file, one] of held) {
        const stat = statOf(deps.archive, file);
        if (stat === null) {
          held.delete(file);
          deps.intake.release(file);
        } else if (stat !== "unreadable" && `${stat.size} ${stat.mtimeUs}` !== one.mark) {
          deps.intake.offer(file);
        } else if (STILL_AFTER_MS <= deps.nowMs() - one.changedMs) {
          verdicts.push(giveUp(file, one.looked));
        }
      }
      return verdicts;
    },
    /** Permission comes back without a change of size or time: ask by trying. */
    retryUnreadable(): void {
      for (const file of unreadable) {
        unreadable.delete(file);
        deps.intake.offer(file);
      }
    },
    count: (): number => held.size,
  };
}
