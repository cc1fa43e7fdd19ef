/**
 * The queue of files to examine, in the order of their time, and the known state of all others. Invariant: a file
 * without a verdict in the journal is in the queue, unfinished, or in a folder that the next listing will read.
 */
import type { ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import { dayOfFile, isScanName, isWholeName } from "../../../domain/scan/archive-names.ts";
import { type Timed, compareWaiting } from "../../../domain/scan/order.ts";
import { MS_PER_MINUTE, US_PER_MS, US_PER_SECOND } from "../../../domain/time.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { NameSet } from "./name-set.ts";

/**
 * A waiting file; `name` is `YYYY-MM-DD/name`. A file named by an event is first seen at that time, one found by a
 * listing when the listing ended.
 */
export type Candidate = Timed & {
  readonly mtimeUs: number;
  /** A time after `firstSeenUs` that keeps files with times ahead of our clock in order. */
  readonly notAfterUs: number;
  readonly firstSeenUs: number;
  readonly firstSeenMs: number;
  readonly foundByFirstListing: boolean;
};

/** A file named by an event or a listing, with the time that orders it. */
type Found = Timed & { readonly foundByFirstListing: boolean };

/**
 * The files that one listing has found so far. They join the queue when the listing ends, because names come in no
 * order. A listing made in slices must not be mixed with one that ends meanwhile.
 */
export type Listing = { found: Found[] };

export type IntakeDeps = {
  readonly archive: ArchiveReader;
  readonly journal: ScanJournal;
  readonly nowUs: () => number;
  readonly nowMs: () => number;
  /** Further files are left for a later listing, to bound memory. */
  readonly queueMax: number;
};

/** The queue may grow to this multiple of `queueMax` before it is cut. */
const SLACK = 1.25;
/** A file settled this recently may still be written to: every round examines it again. */
const YOUNG_MS = 2 * MS_PER_MINUTE;
/** Beyond this many the oldest are left to the sweep. */
const YOUNG_MAX = 2_000;
/** Candidates taken before the array is compacted. */
const TAKEN_MAX = 1_024;

/** Files left out of one day may be older than those kept of another. */
const FIRST_DAY = "";

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #known = new Map<string, NameSet>();
  /** The memory of a forgotten day, reused for the next one: hundreds of old days are visited in turn. */
  #spare: NameSet | null = null;
  readonly #queued = new Set<string>();
  /** Unfinished files, with the time when they were first seen. */
  readonly #unfinished = new Map<string, Candidate>();
  /** When files were settled, oldest first. */
  readonly #young = new Map<string, number>();
  #queue: Candidate[] = [];
  #head = 0;
  #isSorted = true;
  #lastNotAfterUs = 0;
  /** When the last listing ended. */
  #mergedUs = 0;
  /** Set when the queue overflowed: newer files wait in their folders until the queue is short. */
  #newestKept: Timed | null = null;
  /** Set when it was full before all days were listed. */
  #leftFrom: string | null = null;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  get length(): number {
    return this.#queue.length - this.#head;
  }

  get hasOverflowed(): boolean {
    return this.#newestKept !== null || this.#leftFrom !== null;
  }

  /** True when this listing has found enough files: the next folder is left to a later listing. */
  isFullWith(listing: Listing): boolean {
    return this.#deps.queueMax <= this.length + listing.found.length;
  }

  /** This day and later ones are not listed before the queue is short, so that none of their files overtakes. */
  leaveFrom(day: string): void {
    this.#leftFrom = day;
  }

  /** Adds a name from an event, or one to examine again; with the file's state where that is known. */
  offer(file: string, stat?: Stat): void {
    const found = this.#find(file, false, stat);
    if (found !== null && !this.#isBeyond(found)) this.#insert(this.#seen(found));
  }

  /**
   * The candidate for a name from an event, while the queue is empty and nothing is known of the file; its time is
   * read later. Null when the name has to be offered.
   */
  alone(file: string): Candidate | null {
    const slash = file.indexOf("/");
    const name = file.slice(slash + 1);
    const isPlain =
      isScanName(name) &&
      isWholeName(name) &&
      this.length === 0 &&
      !this.hasOverflowed &&
      !this.#unfinished.has(file) &&
      !this.#knownIn(file.slice(0, slash)).has(name);
    if (!isPlain) return null;
    return this.#seen({ name: file, timeUs: this.#deps.nowUs(), foundByFirstListing: false });
  }

  newListing(): Listing {
    return { found: [] };
  }

  /** Adds a name that a listing found. */
  stage(listing: Listing, file: string, foundByFirstListing: boolean): void {
    const found = this.#find(file, foundByFirstListing);
    if (found === null || this.#isBeyond(found)) return;
    listing.found.push(found);
    if (this.#deps.queueMax * SLACK < listing.found.length) {
      listing.found = listing.found.toSorted(compareWaiting).slice(0, this.#deps.queueMax);
      this.#newestKept = listing.found.at(-1) ?? null;
    }
  }

  /** The listing has ended: its files join the queue. */
  merge(listing: Listing): void {
    if (0 < listing.found.length) {
      const found = [...this.#takeAhead(), ...listing.found].toSorted(compareWaiting);
      for (const one of found) this.#insert(this.#seen(one));
      listing.found = [];
    }
    this.#mergedUs = this.#deps.nowUs();
  }

  /** True for a name that needs no examination: not a scan, or settled, according to its fingerprint. */
  isPassedOver(day: string, name: string): boolean {
    return !isScanName(name) || this.#knownIn(day).has(name);
  }

  /** Removes and returns the oldest candidate; undefined when none waits. */
  take(): Candidate | undefined {
    const candidate = this.oldest();
    if (candidate === undefined) return undefined;
    this.#queued.delete(candidate.name);
    this.#head += 1;
    if (this.#head === this.#queue.length || TAKEN_MAX <= this.#head) this.#shorten();
    return candidate;
  }

  /** Returns candidates that could not be handled to the queue. */
  putBack(candidates: readonly Candidate[]): void {
    for (const candidate of candidates) this.#insert(candidate);
  }

  oldest(): Candidate | undefined {
    this.#sort();
    return this.#queue[this.#head];
  }

  /** Remembers when an unfinished file was first seen, until it is settled or gone. */
  hold(candidate: Candidate): void {
    this.#unfinished.set(candidate.name, candidate);
  }

  release(file: string): void {
    this.#unfinished.delete(file);
  }

  settled(file: string): void {
    this.#unfinished.delete(file);
    this.#rememberYoung(file);
    const slash = file.indexOf("/");
    this.#knownIn(file.slice(0, slash)).add(file.slice(slash + 1));
  }

  /** The files settled in the last two minutes. */
  youngFiles(): readonly string[] {
    const oldestMs = this.#deps.nowMs() - YOUNG_MS;
    for (const [file, settledMs] of this.#young) {
      if (settledMs < oldestMs) this.#young.delete(file);
    }
    return [...this.#young.keys()];
  }

  /**
   * The first day with files left out, once after an overflow, when the queue is short again: list it and all later
   * ones again.
   */
  takeOverflow(): string | null {
    if (!this.hasOverflowed || this.#deps.queueMax / 4 < this.length) return null;
    const from = this.#newestKept === null ? this.#leftFrom : FIRST_DAY;
    this.#newestKept = null;
    this.#leftFrom = null;
    return from;
  }

  /** Forgets the names of a day that will not be listed again soon. */
  forgetDay(day: string): void {
    const names = this.#known.get(day);
    if (names === undefined) return;
    names.clear();
    this.#spare = names;
    this.#known.delete(day);
  }

  /** Forgets the names of days that are no longer listed. */
  keepDays(days: readonly string[]): void {
    for (const day of this.#known.keys()) if (!days.includes(day)) this.forgetDay(day);
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

  /** Null for a name that needs no examination. */
  #find(file: string, foundByFirstListing: boolean, known?: Stat): Found | null {
    const { archive, journal, nowUs } = this.#deps;
    const slash = file.indexOf("/");
    const name = file.slice(slash + 1);
    if (!isScanName(name) || this.#queued.has(file)) return null;
    if (this.#leftFrom !== null && this.#leftFrom <= dayOfFile(file)) return null;
    const stat = known === undefined ? statOf(archive, file) : known;
    const isKnown = this.#knownIn(file.slice(0, slash)).has(name);
    if (stat === null && (isKnown || isWholeName(name))) return null;
    // A failed stat does not contradict the verdict.
    if (isKnown && stat === "unreadable") return null;
    if (stat !== null && stat !== "unreadable" && isKnown && isSettled(journal, file, stat))
      return null;
    const isTimed = stat !== null && stat !== "unreadable";
    return { name: file, timeUs: isTimed ? stat.mtimeUs : nowUs(), foundByFirstListing };
  }

  /** First seen now, unless it was seen and held before. */
  #seen({ name, timeUs: mtimeUs, foundByFirstListing }: Found): Candidate {
    const unfinished = this.#unfinished.get(name);
    if (unfinished !== undefined)
      return { ...unfinished, mtimeUs, timeUs: Math.min(mtimeUs, unfinished.notAfterUs) };
    const firstSeenUs = this.#deps.nowUs();
    const isClockSetBack = firstSeenUs + US_PER_SECOND < this.#lastNotAfterUs;
    const notAfterUs = isClockSetBack
      ? firstSeenUs
      : Math.max(firstSeenUs, this.#lastNotAfterUs + 1);
    this.#lastNotAfterUs = notAfterUs;
    return {
      name,
      mtimeUs,
      timeUs: Math.min(mtimeUs, notAfterUs),
      notAfterUs,
      firstSeenUs,
      firstSeenMs: this.#deps.nowMs(),
      foundByFirstListing,
    };
  }

  /**
   * Removes files named by events during the listing whose time is ahead of our clock: they may be newer than what
   * the listing found.
   */
  #takeAhead(): readonly Found[] {
    const isAhead = (one: Candidate) =>
      one.notAfterUs < one.mtimeUs &&
      this.#mergedUs <= one.firstSeenUs &&
      !this.#unfinished.has(one.name);
    const waiting = this.#queue.slice(this.#head);
    const ahead = waiting.filter(isAhead);
    if (ahead.length === 0) return [];
    this.#queue = waiting.filter((one) => !isAhead(one));
    this.#head = 0;
    for (const { name } of ahead) this.#queued.delete(name);
    return ahead.map(({ name, mtimeUs, foundByFirstListing }) => ({
      name,
      timeUs: mtimeUs,
      foundByFirstListing,
    }));
  }

  #insert(candidate: Candidate): void {
    if (this.#queued.has(candidate.name) || this.#isBeyond(candidate)) return;
    const last = this.#queue.at(-1);
    this.#isSorted &&=
      last === undefined || this.length === 0 || compareWaiting(last, candidate) <= 0;
    this.#queue.push(candidate);
    this.#queued.add(candidate.name);
    if (this.#deps.queueMax * SLACK < this.length) this.#cut();
  }

  #isBeyond(candidate: Timed): boolean {
    return this.#newestKept !== null && 0 < compareWaiting(candidate, this.#newestKept);
  }

  #cut(): void {
    this.#sort();
    this.#shorten();
    for (const left of this.#queue.slice(this.#deps.queueMax)) this.#queued.delete(left.name);
    this.#queue = this.#queue.slice(0, this.#deps.queueMax);
    this.#newestKept = this.#queue.at(-1) ?? null;
  }

  /** Sorted lazily, once for a whole listing. */
  #sort(): void {
    if (this.#isSorted) return;
    this.#shorten();
    this.#queue.sort(compareWaiting);
    this.#isSorted = true;
  }

  #shorten(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  #knownIn(day: string): NameSet {
    let names = this.#known.get(day);
    if (names === undefined) {
      names = this.#spare ?? new NameSet();
      this.#spare = null;
      for (const name of this.#deps.journal.names(day)) names.add(name);
      // Nobody watched since the last bridge died: files that it could not read may be complete by now.
      for (const name of this.#deps.journal.namesUnsure(day, YOUNG_MS * US_PER_MS)) {
        this.#rememberYoung(`${day}/${name}`);
      }
      this.#known.set(day, names);
    }
    return names;
  }
}

type Stat = ReturnType<ArchiveReader["stat"]> | "unreadable";

/** Null when the file is gone; `unreadable` when its folder can't be accessed. */
export function statOf(archive: ArchiveReader, file: string): Stat {
  try {
    return archive.stat(file);
  } catch {
    return "unreadable";
  }
}

/** True when the journal's verdict is for this size and time of the file. */
function isSettled(
  journal: ScanJournal,
  file: string,
  stat: { readonly size: number; readonly mtimeUs: number },
): boolean {
  const row = journal.file(file);
  return row !== null && row.size === stat.size && row.mtimeUs === stat.mtimeUs;
}
