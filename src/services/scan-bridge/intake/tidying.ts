/**
 * Looks for changes that no listing of the newest days shows, in the pauses between rounds and a
 * few milliseconds at a time: files settled lately, files that cannot be opened, older days, and
 * every file of the newest days.
 *
 * Invariants: none of it makes a new scan wait; it takes half of the time at most, and a few per
 * cent of a core; what it remembers of a day is forgotten when it has looked through it.
 */
import { messageOf } from "../../../domain/failure.ts";
import { dayOfFile } from "../../../domain/scan/archive-names.ts";
import { MS_PER_HOUR, MS_PER_MINUTE } from "../../../domain/time.ts";
import type { Folders } from "./folders.ts";
import type { Intake, Listing } from "./intake.ts";
import { runSlice } from "./slices.ts";
import type { Unfinished } from "./unfinished.ts";

export type TidyingDeps = {
  readonly intake: Intake;
  readonly folders: Folders;
  readonly unfinished: Pick<Unfinished, "retryUnreadable">;
  readonly nowMs: () => number;
  /** Of this thread. */
  readonly cpuMs: () => number;
  readonly log: (line: string) => void;
};

/** The days of the round before. */
export type TidiedDays = {
  /** All that count, ascending. */
  readonly counting: readonly string[];
  /** Those of them that every round lists. */
  readonly active: readonly string[];
  /** Nothing was watched in that day before the round. */
  readonly isBlind: (day: string) => boolean;
};

/** What happens meanwhile waits this long, or for one answer of the archive. */
export const SLICE_MS = 10;
/** A slice that took a millisecond of a core is followed by this many of rest. */
const REST_PER_CPU = 20;
const SWEEP_EVERY_MS = 10 * MS_PER_MINUTE;
const SWEPT_DAYS = 2;

type Chore = { readonly steps: Generator<void>; readonly isUrgent: boolean };

export class Tidying {
  readonly #deps: TidyingDeps;
  /** What is begun, the next to be gone on with first. */
  readonly #chores = new Map<string, Chore>();
  readonly #troubles = new Map<string, string>();
  #nextSweepMs: number;
  #nextOldDaysMs: number;
  #days: TidiedDays = { counting: [], active: [], isBlind: () => true };

  constructor(deps: TidyingDeps) {
    this.#deps = deps;
    const now = deps.nowMs();
    this.#nextSweepMs = now + SWEEP_EVERY_MS;
    this.#nextOldDaysMs = now + MS_PER_HOUR;
  }

  /** Has every file of every day looked at, as soon as may be. */
  sweepAll(days: readonly string[]): void {
    this.#chores.delete("all");
    this.#chores.set("all", { steps: this.#sweep(days), isUrgent: true });
  }

  /** Begins what is due after a round. */
  plan(days: TidiedDays): void {
    this.#days = days;
    const now = this.#deps.nowMs();
    this.#begin("looking at young files", () => this.#young());
    this.#begin("looking at unreadable files", () => this.#deps.unfinished.retryUnreadable());
    const { counting, active } = days;
    if (this.#nextOldDaysMs <= now && !this.#chores.has("old days")) {
      this.#nextOldDaysMs = now + MS_PER_HOUR;
      const old = counting.filter((day) => !active.includes(day));
      this.#begin("old days", () => this.#visit(old));
    }
    if (this.#nextSweepMs <= now) {
      this.#nextSweepMs = now + SWEEP_EVERY_MS;
      this.#begin("sweep", () => this.#sweep(active.slice(-SWEPT_DAYS)));
    }
  }

  /** Has the older days visited now and not in an hour, all of them. */
  hurryOldDays(): void {
    this.#chores.delete("old days");
    this.visitOldDays();
  }

  /** Has the older days visited next, after a visit that goes on. */
  visitOldDays(): void {
    this.#nextOldDaysMs = this.#deps.nowMs();
  }

  /** Does a slice of what is begun; returns the rest that it needs, null when all is done. */
  slice(): number | null {
    const { nowMs, cpuMs } = this.#deps;
    for (const [name, chore] of this.#chores) {
      const startedMs = nowMs();
      const startedCpuMs = cpuMs();
      this.#chores.delete(name);
      try {
        // In turn, so that one long chore holds up no other.
        if (!runSlice(chore.steps, SLICE_MS, nowMs)) this.#chores.set(name, chore);
      } catch (error) {
        this.#tell(name, messageOf(error));
      }
      const perCpu = chore.isUrgent ? 1 : REST_PER_CPU;
      return Math.max(nowMs() - startedMs, (cpuMs() - startedCpuMs) * perCpu);
    }
    return null;
  }

  /** One that goes on is not begun a second time. */
  #begin(name: string, begin: () => Generator<void>): void {
    if (!this.#chores.has(name)) this.#chores.set(name, { steps: begin(), isUrgent: false });
  }

  /** On a share no event announces a rewrite. */
  *#young(): Generator<void> {
    const { intake } = this.#deps;
    const listing = intake.newListing();
    for (const file of intake.youngFiles()) {
      intake.stage(listing, file, this.#days.isBlind(dayOfFile(file)));
      yield;
    }
    intake.merge(listing);
  }

  *#visit(days: readonly string[]): Generator<void> {
    for (const day of days) {
      yield;
      yield* this.#lookThrough(day, (folders, listing) => folders.visit(day, listing, true));
    }
  }

  *#sweep(days: readonly string[]): Generator<void> {
    for (const day of days) {
      yield* this.#lookThrough(day, (folders, listing) => folders.sweep(day, listing));
    }
  }

  /** A folder that cannot be listed must not hide the others. */
  *#lookThrough(
    day: string,
    look: (folders: Folders, listing: Listing) => Iterable<void>,
  ): Generator<void> {
    const { intake, folders } = this.#deps;
    const listing = intake.newListing();
    try {
      yield* look(folders, listing);
      this.#troubles.delete(`listing ${day}`);
    } catch (error) {
      this.#tell(`listing ${day}`, messageOf(error));
    } finally {
      intake.merge(listing);
      if (!this.#days.active.includes(day)) intake.forgetDay(day);
    }
  }

  /** Once, until it succeeds or fails otherwise. */
  #tell(what: string, trouble: string): void {
    if (this.#troubles.get(what) === trouble) return;
    this.#troubles.set(what, trouble);
    this.#deps.log(`${what} fails: ${trouble}`);
  }
}
