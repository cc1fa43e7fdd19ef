/**
 * Finds changes that listings of the newest days do not show, a few milliseconds at a time in the pauses between
 * rounds: in recently settled files, unreadable files, older days, and every file of the newest days. Invariants: it
 * makes no new scan wait; it takes at most half of the time, and a few per cent of a core; what it remembers of a day
 * is dropped after it has searched it.
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

/** The days of the previous round. */
export type TidiedDays = {
  /** All days that count, ascending. */
  readonly counting: readonly string[];
  /** Those of them that every round lists. */
  readonly active: readonly string[];
  /** Whether nobody watched that day before the round. */
  readonly isBlind: (day: string) => boolean;
};

/** Other work waits this long, or for one answer of the archive. */
export const SLICE_MS = 10;
/** Rest after a slice, as a multiple of its CPU time. */
const REST_PER_CPU = 20;
const SWEEP_EVERY_MS = 10 * MS_PER_MINUTE;
const SWEPT_DAYS = 2;

type Chore = { readonly steps: Generator<void>; readonly isUrgent: boolean };

export class Tidying {
  readonly #deps: TidyingDeps;
  /** Chores in progress, the next one first. */
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

  /** Requests a check of every file of every day, as soon as possible. */
  sweepAll(days: readonly string[]): void {
    this.#chores.delete("all");
    this.#chores.set("all", { steps: this.#sweep(days), isUrgent: true });
  }

  /** Starts what is due after a round. */
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

  /** Visits all older days now instead of within an hour. */
  hurryOldDays(): void {
    this.#chores.delete("old days");
    this.visitOldDays();
  }

  /** Visits the older days next, after a visit in progress. */
  visitOldDays(): void {
    this.#nextOldDaysMs = this.#deps.nowMs();
  }

  /** Does a slice of a started chore; returns the rest that it needs, null when all are done. */
  slice(): number | null {
    const { nowMs, cpuMs } = this.#deps;
    for (const [name, chore] of this.#chores) {
      const startedMs = nowMs();
      const startedCpuMs = cpuMs();
      this.#chores.delete(name);
      try {
        // Round-robin, so that one long chore does not delay the others.
        if (!runSlice(chore.steps, SLICE_MS, nowMs)) this.#chores.set(name, chore);
      } catch (error) {
        this.#tell(name, messageOf(error));
      }
      const perCpu = chore.isUrgent ? 1 : REST_PER_CPU;
      return Math.max(nowMs() - startedMs, (cpuMs() - startedCpuMs) * perCpu);
    }
    return null;
  }

  /** A chore in progress is not started a second time. */
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
      yield* this.#visitFolder(day, (folders, listing) => folders.visit(day, listing, true));
    }
  }

  *#sweep(days: readonly string[]): Generator<void> {
    for (const day of days) {
      yield* this.#visitFolder(day, (folders, listing) => folders.sweep(day, listing));
    }
  }

  /** A folder that cannot be listed must not prevent the others. */
  *#visitFolder(
    day: string,
    visit: (folders: Folders, listing: Listing) => Iterable<void>,
  ): Generator<void> {
    const { intake, folders } = this.#deps;
    const listing = intake.newListing();
    try {
      yield* visit(folders, listing);
      this.#troubles.delete(`listing ${day}`);
    } catch (error) {
      this.#tell(`listing ${day}`, messageOf(error));
    } finally {
      intake.merge(listing);
      if (!this.#days.active.includes(day)) intake.forgetDay(day);
    }
  }

  /** Logs a failure once, until it succeeds or fails differently. */
  #tell(what: string, trouble: string): void {
    if (this.#troubles.get(what) === trouble) return;
    this.#troubles.set(what, trouble);
    this.#deps.log(`${what} fails: ${trouble}`);
  }
}
