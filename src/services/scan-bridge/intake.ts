/**
 * Which files wait to be looked at, in the order of their time, and what is known of the others.
 *
 * Invariant: a file that has no verdict in the journal is in the queue, unfinished, or in a
 * folder that the next listing will read.
 */
import type { ScanJournal } from "../../adapters/journal/scan-journal.ts";
import { isScanName } from "../../domain/scan/archive-names.ts";
import { type Timed, compareScans } from "../../domain/scan/order.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import { type NameSet, createNameSet } from "./name-set.ts";

/** A file that waits; `name` is `YYYY-MM-DD/name`, times are when this process saw it first. */
export type Candidate = Timed & {
  readonly firstSeenUs: number;
  readonly firstSeenMs: number;
  readonly foundByFirstListing: boolean;
};

export type Intake = ReturnType<typeof createIntake>;

export type IntakeDeps = {
  readonly archive: ArchiveReader;
  readonly journal: ScanJournal;
  readonly nowUs: () => number;
  readonly nowMs: () => number;
  /** More are left for a later listing, so that a million waiting files do not fill the memory. */
  readonly queueMax: number;
};

export function createIntake(deps: IntakeDeps) {
  const { queueMax } = deps;
  const known = new Map<string, NameSet>();
  const queued = new Set<string>();
  /** Unfinished files keep the time when they were first seen. */
  const held = new Map<string, Candidate>();
  let queue: Candidate[] = [];
  let head = 0;
  let isSorted = true;
  let staged: Candidate[] = [];
  /** Set when the queue overflowed: what is newer waits in its folder until the queue is short. */
  let newestKept: Candidate | null = null;

  const knownIn = (day: string): NameSet => {
    let names = known.get(day);
    if (names === undefined) {
      names = createNameSet(deps.journal.names(day));
      known.set(day, names);
    }
    return names;
  };

  /** Null for a name that needs no look. */
  const candidateFrom = (file: string, foundByFirstListing: boolean): Candidate | null => {
    const slash = file.indexOf("/");
    const name = file.slice(slash + 1);
    if (!isScanName(name) || queued.has(file)) return null;
    const stat = statOf(deps.archive, file);
    if (stat === null) return null;
    const isKnown = knownIn(file.slice(0, slash)).has(name);
    if (stat !== "unreadable" && isKnown && isSettled(deps.journal, file, stat)) return null;
    const first = held.get(file) ?? {
      firstSeenUs: deps.nowUs(),
      firstSeenMs: deps.nowMs(),
      foundByFirstListing,
    };
    const mtimeUs = stat === "unreadable" ? first.firstSeenUs : stat.mtimeUs;
    return { ...first, name: file, timeUs: Math.min(mtimeUs, first.firstSeenUs) };
  };
  const isBeyond = (candidate: Candidate): boolean =>
    newestKept !== null && 0 < compareScans(candidate, newestKept);
  const insert = (candidate: Candidate): void => {
    if (queued.has(candidate.name) || isBeyond(candidate)) return;
    const last = queue.at(-1);
    isSorted &&= last === undefined || head === queue.length || compareScans(last, candidate) <= 0;
    queue.push(candidate);
    queued.add(candidate.name);
    if (queueMax * 1.25 < queue.length - head) cutQueue();
  };
  /** Listings come in no order: sorting once, when the next is taken, serves them all. */
  const sort = (): void => {
    if (isSorted) return;
    queue = queue.slice(head).toSorted(compareScans);
    head = 0;
    isSorted = true;
  };
  const cutQueue = (): void => {
    sort();
    for (const candidate of queue.slice(head + queueMax)) queued.delete(candidate.name);
    queue = queue.slice(head, head + queueMax);
    head = 0;
    newestKept = queue.at(-1) ?? null;
  };
  const cutStaged = (): void => {
    staged = staged.toSorted(compareScans).slice(0, queueMax);
    newestKept = staged.at(-1) ?? null;
  };

  return {
    /** A name that an event told, or that is worth another look. */
    offer(file: string): void {
      const candidate = candidateFrom(file, false);
      if (candidate !== null) insert(candidate);
    },
    /** A name that a listing told: it waits for the listing's end, because names come in no order. */
    stage(file: string, foundByFirstListing: boolean): void {
      const candidate = candidateFrom(file, foundByFirstListing);
      if (candidate === null || isBeyond(candidate)) return;
      staged.push(candidate);
      if (queueMax * 1.25 < staged.length) cutStaged();
    },
    /** The listing ended: what it told joins the queue. */
    mergeStaged(): void {
      for (const candidate of staged) insert(candidate);
      staged = [];
    },
    /** True for a name that needs no look: not a scan, or settled as far as fingerprints tell. */
    isPassedOver: (day: string, name: string): boolean =>
      !isScanName(name) || knownIn(day).has(name),
    /** The oldest candidate, taken out; undefined when nothing waits. */
    take(): Candidate | undefined {
      sort();
      const candidate = queue[head];
      if (candidate === undefined) return undefined;
      queued.delete(candidate.name);
      head += 1;
      if (head === queue.length || 1_024 <= head) {
        queue = queue.slice(head);
        head = 0;
      }
      return candidate;
    },
    /** Puts candidates back that could not be handled. */
    putBack(candidates: readonly Candidate[]): void {
      for (const candidate of candidates) insert(candidate);
    },
    oldest(): Candidate | undefined {
      sort();
      return queue[head];
    },
    length: (): number => queue.length - head,
    /** Remembers when an unfinished file was first seen, until it is settled or gone. */
    hold(candidate: Candidate): void {
      held.set(candidate.name, candidate);
    },
    release(file: string): void {
      held.delete(file);
    },
    settled(file: string): void {
      held.delete(file);
      const slash = file.indexOf("/");
      knownIn(file.slice(0, slash)).add(file.slice(slash + 1));
    },
    /** True once after an overflow, when the queue is short again: list everything anew. */
    takeOverflow(): boolean {
      if (newestKept === null || queueMax / 4 < queue.length - head) return false;
      newestKept = null;
      return true;
    },
    hasOverflowed: (): boolean => newestKept !== null,
    /** Forgets the names of days that are no longer listed. */
    keepDays(days: readonly string[]): void {
      for (const day of known.keys()) if (!days.includes(day)) known.delete(day);
    },
  };
}

/** Null when the file is gone; unreadable when its folder does not let us ask. */
export function statOf(archive: ArchiveReader, file: string) {
  try {
    return archive.stat(file);
  } catch {
    return "unreadable" as const;
  }
}

/** True when the journal's verdict was reached on a file of this size and time. */
function isSettled(
  journal: ScanJournal,
  file: string,
  stat: { readonly size: number; readonly mtimeUs: number },
): boolean {
  const row = journal.file(file);
  return row !== null && row.size === stat.size && row.mtimeUs === stat.mtimeUs;
}
