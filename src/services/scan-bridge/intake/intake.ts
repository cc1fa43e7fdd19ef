/**
 * Which files wait to be looked at, in the order of their time, and what is known of the others.
 *
 * Invariant: a file that has no verdict in the journal is in the queue, unfinished, or in a
 * folder that the next listing will read.
 */
import type { ScanJournal } from "../../../adapters/journal/scan-journal.ts";
import { isScanName, isWholeName } from "../../../domain/scan/archive-names.ts";
import { type Timed, compareScans } from "../../../domain/scan/order.ts";
import { MS_PER_MINUTE, US_PER_MS } from "../../../domain/time.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import { NameSet } from "./name-set.ts";

/** A file that waits; `name` is `YYYY-MM-DD/name`, times are when this process saw it first. */
export type Candidate = Timed & {
  readonly firstSeenUs: number;
  readonly firstSeenMs: number;
  readonly foundByFirstListing: boolean;
};

export type IntakeDeps = {
  readonly archive: ArchiveReader;
  readonly journal: ScanJournal;
  readonly nowUs: () => number;
  readonly nowMs: () => number;
  /** More are left for a later listing, so that a million waiting files do not fill the memory. */
  readonly queueMax: number;
};

/** What a queue may grow to before it is cut to `queueMax`, as a share of it. */
const SLACK = 1.25;
/** A file settled this recently may still be written on: every round looks at it again. */
const YOUNG_MS = 2 * MS_PER_MINUTE;
/** Beyond this many the oldest are left to the sweep. */
const YOUNG_MAX = 2_000;
/** Candidates taken before the array is shortened. */
const TAKEN_MAX = 1_024;

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #known = new Map<string, NameSet>();
  readonly #queued = new Set<string>();
  /** Unfinished files keep the time when they were first seen. */
  readonly #held = new Map<string, Candidate>();
  /** When files were settled, oldest first. */
  readonly #young = new Map<string, number>();
  #queue: Candidate[] = [];
  #head = 0;
  #isSorted = true;
  #staged: Candidate[] = [];
  /** Set when the queue overflowed: what is newer waits in its folder until the queue is short. */
  #newestKept: Candidate | null = null;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  get length(): number {
    return this.#queue.length - this.#head;
  }

  get hasOverflowed(): boolean {
    return this.#newestKept !== null;
  }

  /** A name that an event told, or that is worth another look. */
  offer(file: string): void {
    const candidate = this.#candidateFrom(file, false);
    if (candidate !== null) this.#insert(candidate);
  }

  /**
   * The candidate for a name that an event told while nothing waits and nothing is known of it; its
   * time is learned when it is read. Null when the name has to be offered.
   */
  alone(file: string): Candidate | null {
    const slash = file.indexOf("/");
    const name = file.slice(slash + 1);
    const isPlain =
      isScanName(name) &&
      isWholeName(name) &&
      this.length === 0 &&
      this.#newestKept === null &&
      !this.#held.has(file) &&
      !this.#knownIn(file.slice(0, slash)).has(name);
    if (!isPlain) return null;
    const firstSeenUs = this.#deps.nowUs();
    const firstSeenMs = this.#deps.nowMs();
    return {
      name: file,
      timeUs: firstSeenUs,
      firstSeenUs,
      firstSeenMs,
      foundByFirstListing: false,
    };
  }

  /** A name that a listing told: it waits for the listing's end, because names come in no order. */
  stage(file: string, foundByFirstListing: boolean): void {
    const candidate = this.#candidateFrom(file, foundByFirstListing);
    if (candidate === null || this.#isBeyond(candidate)) return;
    this.#staged.push(candidate);
    if (this.#deps.queueMax * SLACK < this.#staged.length) {
      this.#staged = this.#staged.toSorted(compareScans).slice(0, this.#deps.queueMax);
      this.#newestKept = this.#staged.at(-1) ?? null;
    }
  }

  /** The listing ended: what it told joins the queue. */
  mergeStaged(): void {
    for (const candidate of this.#staged) this.#insert(candidate);
    this.#staged = [];
  }

  /** True for a name that needs no look: not a scan, or settled as far as fingerprints tell. */
  isPassedOver(day: string, name: string): boolean {
    return !isScanName(name) || this.#knownIn(day).has(name);
  }

  /** The oldest candidate, taken out; undefined when nothing waits. */
  take(): Candidate | undefined {
    const candidate = this.oldest();
    if (candidate === undefined) return undefined;
    this.#queued.delete(candidate.name);
    this.#head += 1;
    if (this.#head === this.#queue.length || TAKEN_MAX <= this.#head) this.#shorten();
    return candidate;
  }

  /** Puts candidates back that could not be handled. */
  putBack(candidates: readonly Candidate[]): void {
    for (const candidate of candidates) this.#insert(candidate);
  }

  oldest(): Candidate | undefined {
    this.#sort();
    return this.#queue[this.#head];
  }

  /** Remembers when an unfinished file was first seen, until it is settled or gone. */
  hold(candidate: Candidate): void {
    this.#held.set(candidate.name, candidate);
  }

  release(file: string): void {
    this.#held.delete(file);
  }

  settled(file: string): void {
    this.#held.delete(file);
    this.#rememberYoung(file);
    const slash = file.indexOf("/");
    this.#knownIn(file.slice(0, slash)).add(file.slice(slash + 1));
  }

  /** Stages the files settled in the last two minutes: on a share no event tells of a rewrite. */
  stageYoung(foundByFirstListing: boolean): void {
    const oldestMs = this.#deps.nowMs() - YOUNG_MS;
    for (const [file, settledMs] of this.#young) {
      if (settledMs < oldestMs) this.#young.delete(file);
      else this.stage(file, foundByFirstListing);
    }
  }

  /** True once after an overflow, when the queue is short again: list everything anew. */
  takeOverflow(): boolean {
    if (this.#newestKept === null || this.#deps.queueMax / 4 < this.length) return false;
    this.#newestKept = null;
    return true;
  }

  /** Forgets the names of days that are no longer listed. */
  keepDays(days: readonly string[]): void {
    for (const day of this.#known.keys()) if (!days.includes(day)) this.#known.delete(day);
  }

  #rememberYoung(file: string): void {
    this.#young.delete(file);
    this.#young.set(file, this.#deps.nowMs());
    if (this.#young.size <= YOUNG_MAX) return;
    for (const oldest of this.#young.keys()) {
      this.#young.delete(oldest);
      break;
    }
  }

  /** Null for a name that needs no look. */
  #candidateFrom(file: string, foundByFirstListing: boolean): Candidate | null {
    const { archive, journal, nowUs, nowMs } = this.#deps;
    const slash = file.indexOf("/");
    const name = file.slice(slash + 1);
    if (!isScanName(name) || this.#queued.has(file)) return null;
    const stat = statOf(archive, file);
    const isKnown = this.#knownIn(file.slice(0, slash)).has(name);
    if (stat === null && (isKnown || isWholeName(name))) return null;
    if (stat !== null && stat !== "unreadable" && isKnown && isSettled(journal, file, stat))
      return null;
    const first = this.#held.get(file) ?? {
      firstSeenUs: nowUs(),
      firstSeenMs: nowMs(),
      foundByFirstListing,
    };
    const mtimeUs = stat === null || stat === "unreadable" ? first.firstSeenUs : stat.mtimeUs;
    return { ...first, name: file, timeUs: Math.min(mtimeUs, first.firstSeenUs) };
  }

  #insert(candidate: Candidate): void {
    if (this.#queued.has(candidate.name) || this.#isBeyond(candidate)) return;
    const last = this.#queue.at(-1);
    this.#isSorted &&=
      last === undefined || this.length === 0 || compareScans(last, candidate) <= 0;
    this.#queue.push(candidate);
    this.#queued.add(candidate.name);
    if (this.#deps.queueMax * SLACK < this.length) this.#cut();
  }

  #isBeyond(candidate: Candidate): boolean {
    return this.#newestKept !== null && 0 < compareScans(candidate, this.#newestKept);
  }

  #cut(): void {
    this.#sort();
    this.#shorten();
    for (const left of this.#queue.slice(this.#deps.queueMax)) this.#queued.delete(left.name);
    this.#queue = this.#queue.slice(0, this.#deps.queueMax);
    this.#newestKept = this.#queue.at(-1) ?? null;
  }

  /** Sorting once, when the next is taken, serves a whole listing. */
  #sort(): void {
    if (this.#isSorted) return;
    this.#shorten();
    this.#queue.sort(compareScans);
    this.#isSorted = true;
  }

  #shorten(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  #knownIn(day: string): NameSet {
    let names = this.#known.get(day);
    if (names === undefined) {
      names = new NameSet();
      for (const name of this.#deps.journal.names(day)) names.add(name);
      // Nobody watched since the last bridge died: what it could not read may be complete by now.
      for (const name of this.#deps.journal.namesUnsure(day, YOUNG_MS * US_PER_MS)) {
        this.#rememberYoung(`${day}/${name}`);
      }
      this.#known.set(day, names);
    }
    return names;
  }
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
