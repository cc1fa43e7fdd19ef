/**
 * Which files wait to be looked at, in the order of their time, and what is known of the others.
 *
 * Invariant: a file that has no verdict in the journal is in the queue, unfinished, or in a
 * folder that the next listing will read.
 */
import type { ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import { dayOfFile, isScanName, isWholeName } from "../../../domain/scan/archive-names.ts";
import { type Timed, compareWaiting } from "../../../domain/scan/order.ts";
import { MS_PER_MINUTE, US_PER_MS, US_PER_SECOND } from "../../../domain/time.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import { NameSet } from "./name-set.ts";

/**
 * A file that waits; `name` is `YYYY-MM-DD/name`. It counts as first seen when an event
 * named it; what a listing found counts as first seen when the listing ended.
 */
export type Candidate = Timed & {
  readonly mtimeUs: number;
  /** As long after `firstSeenUs` as keeps files that are ahead of our clock in their order. */
  readonly notAfterUs: number;
  readonly firstSeenUs: number;
  readonly firstSeenMs: number;
  readonly foundByFirstListing: boolean;
};

/** A file that an event or a listing named, with the time that orders it. */
type Found = Timed & { readonly foundByFirstListing: boolean };

/**
 * The files that one listing has found so far. They join the queue when the listing ends, because names
 * come in no order. A listing that is made in pieces must not be mixed with one that ends meanwhile.
 */
export type Listing = { found: Found[] };

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

/** What was left out of one day may be older than what was kept of another. */
const FIRST_DAY = "";

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #known = new Map<string, NameSet>();
  /** The room of a day that was forgotten, for the next one: hundreds of old days are visited in turn. */
  #spare: NameSet | null = null;
  readonly #queued = new Set<string>();
  /** Unfinished files keep the time when they were first seen. */
  readonly #held = new Map<string, Candidate>();
  /** When files were settled, oldest first. */
  readonly #young = new Map<string, number>();
  #queue: Candidate[] = [];
  #head = 0;
  #isSorted = true;
  #lastNotAfterUs = 0;
  /** When the last listing ended. */
  #mergedUs = 0;
  /** Set when the queue overflowed: what is newer waits in its folder until the queue is short. */
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

  /** This day and later ones are not listed before the queue is short: none of their files may overtake. */
  leaveFrom(day: string): void {
    this.#leftFrom = day;
  }

  /** A name from an event, or one that is worth another look; with the file's state where that is known. */
  offer(file: string, stat?: Stat): void {
    const found = this.#find(file, false, stat);
    if (found !== null && !this.#isBeyond(found)) this.#insert(this.#seen(found));
  }

  /**
   * The candidate for a name from an event, while nothing waits and nothing is known of the file; its
   * time is learned when it is read. Null when the name has to be offered.
   */
  alone(file: string): Candidate | null {
    const slash = file.indexOf("/");
    const name = file.slice(slash + 1);
    const isPlain =
      isScanName(name) &&
      isWholeName(name) &&
      this.length === 0 &&
      !this.hasOverflowed &&
      !this.#held.has(file) &&
      !this.#knownIn(file.slice(0, slash)).has(name);
    if (!isPlain) return null;
    return this.#seen({ name: file, timeUs: this.#deps.nowUs(), foundByFirstListing: false });
  }

  newListing(): Listing {
    return { found: [] };
  }

  /** A name that a listing found. */
  stage(listing: Listing, file: string, foundByFirstListing: boolean): void {
    const found = this.#find(file, foundByFirstListing);
    if (found === null || this.#isBeyond(found)) return;
    listing.found.push(found);
    if (this.#deps.queueMax * SLACK < listing.found.length) {
      listing.found = listing.found.toSorted(compareWaiting).slice(0, this.#deps.queueMax);
      this.#newestKept = listing.found.at(-1) ?? null;
    }
  }

  /** The listing ended: what it found joins the queue. */
  merge(listing: Listing): void {
    if (0 < listing.found.length) {
      const found = [...this.#takeAhead(), ...listing.found].toSorted(compareWaiting);
      for (const one of found) this.#insert(this.#seen(one));
      listing.found = [];
    }
    this.#mergedUs = this.#deps.nowUs();
  }

  /** True for a name that needs no look: not a scan, or settled, as far as its fingerprint says. */
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

  /** The files settled in the last two minutes. */
  youngFiles(): readonly string[] {
    const oldestMs = this.#deps.nowMs() - YOUNG_MS;
    for (const [file, settledMs] of this.#young) {
      if (settledMs < oldestMs) this.#young.delete(file);
    }
    return [...this.#young.keys()];
  }

  /**
   * The first day of what was left out, once after an overflow, when the queue is short again: list it
   * and all later ones anew.
   */
  takeOverflow(): string | null {
    if (!this.hasOverflowed || this.#deps.queueMax / 4 < this.length) return null;
    const from = this.#newestKept === null ? this.#leftFrom : FIRST_DAY;
    this.#newestKept = null;
    this.#leftFrom = null;
    return from;
  }

  /** Forgets the names of a day that is not listed again soon. */
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

  /** Null for a name that needs no look. */
  #find(file: string, foundByFirstListing: boolean, known?: Stat): Found | null {
    const { archive, journal, nowUs } = this.#deps;
    const slash = file.indexOf("/");
    const name = file.slice(slash + 1);
    if (!isScanName(name) || this.#queued.has(file)) return null;
    if (this.#leftFrom !== null && this.#leftFrom <= dayOfFile(file)) return null;
    const stat = known === undefined ? statOf(archive, file) : known;
    const isKnown = this.#knownIn(file.slice(0, slash)).has(name);
    if (stat === null && (isKnown || isWholeName(name))) return null;
    // A look that fails says nothing against the verdict.
    if (isKnown && stat === "unreadable") return null;
    if (stat !== null && stat !== "unreadable" && isKnown && isSettled(journal, file, stat))
      return null;
    const isTimed = stat !== null && stat !== "unreadable";
    return { name: file, timeUs: isTimed ? stat.mtimeUs : nowUs(), foundByFirstListing };
  }

  /** It counts as first seen now, unless it is held since an earlier look. */
  #seen({ name, timeUs: mtimeUs, foundByFirstListing }: Found): Candidate {
    const held = this.#held.get(name);
    if (held !== undefined) return { ...held, mtimeUs, timeUs: Math.min(mtimeUs, held.notAfterUs) };
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
   * Takes out files that events named while the listing went on and whose time is ahead of our clock:
   * they may be newer than what the listing found.
   */
  #takeAhead(): readonly Found[] {
    const isAhead = (one: Candidate) =>
      one.notAfterUs < one.mtimeUs &&
      this.#mergedUs <= one.firstSeenUs &&
      !this.#held.has(one.name);
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

  /** Sorting once, when the next is taken, serves a whole listing. */
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
      // Nobody watched since the last bridge died: what it could not read may be complete by now.
      for (const name of this.#deps.journal.namesUnsure(day, YOUNG_MS * US_PER_MS)) {
        this.#rememberYoung(`${day}/${name}`);
      }
      this.#known.set(day, names);
    }
    return names;
  }
}

type Stat = ReturnType<ArchiveReader["stat"]> | "unreadable";

/** Null when the file is gone; unreadable when its folder does not let us ask. */
export function statOf(archive: ArchiveReader, file: string): Stat {
  try {
    return archive.stat(file);
  } catch {
    return "unreadable";
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
