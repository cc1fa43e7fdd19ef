/**
 * Reconciliation: listing the day folders finds files without an event; on shares it finds all files. A round lists
 * only the newest days; the pause until the next one is used for deferrable work. Invariant: rounds cost at most a
 * few per cent of a core, whatever a folder holds: the pause grows with the CPU time of the listing. Waiting for a
 * slow share is not CPU time; otherwise new scans would wait as well.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ArchiveDays } from "../../../adapters/archive/list-archive.ts";
import type { ArchiveWatch } from "../../../adapters/archive/watch-archive.ts";
import { messageOf } from "../../../domain/failure.ts";
import { MS_PER_MINUTE } from "../../../domain/time.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import { Folders } from "./folders.ts";
import type { Intake, Listing } from "./intake.ts";
import { DueDays } from "./due-days.ts";
import { runSlice } from "./slices.ts";
import { SLICE_MS, Tidying } from "./tidying.ts";
import type { Unfinished } from "./unfinished.ts";
import type { WhichDays } from "./which-days.ts";

export type ArchiveState = "ok" | "missing" | "error";

export type RoundsDeps = {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  readonly unfinished: Pick<Unfinished, "retryUnreadable">;
  /** Null where the archive has no events. */
  readonly watch: ArchiveWatch | null;
  readonly reconcileMs: number;
  readonly whichDays: Pick<WhichDays, "counting" | "active" | "current" | "takeVisitDue">;
  readonly nowMs: () => number;
  /** CPU time of this thread. */
  readonly cpuMs: () => number;
  readonly onProgress: () => void;
  readonly log: (line: string) => void;
  readonly warn: (line: string) => void;
};

const PAUSE_PER_LISTING = 40;
const PAUSE_MAX_MS = 10_000;
/** Where events announce new files, listing is only a fallback. */
const PAUSE_WATCHED_MAX_MS = 5 * MS_PER_MINUTE;
/** Where events should come, but the kernel has no watches left. */
const PAUSE_UNWATCHED_MS = 1_000;
/** Pause while the archive is missing. */
const MISSING_PAUSE_MS = 1_000;

export class Rounds {
  readonly #deps: RoundsDeps;
  readonly #folders: Folders;
  readonly #tidying: Tidying;
  readonly #oddReported = new Set<string>();
  #state: ArchiveState = "ok";
  #reported = "ok ";
  /** Why a folder could not be listed in this round. */
  #trouble: string | null = null;
  readonly #dueDays = new DueDays();
  /** Days examined in this round; null before the first. */
  #looked: readonly string[] | null = null;
  #listingCpuMs = 0;
  #root: ArchiveDays | null = null;
  #nextRootMs = 0;
  #shortOf: string | null = null;
  #isForgetful = false;

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
    this.#folders = new Folders(deps);
    this.#tidying = new Tidying({ ...deps, folders: this.#folders });
  }

  get state(): ArchiveState {
    return this.#state;
  }

  /** The kernel limit because of which folders have no events. */
  get shortOf(): string | null {
    return this.#shortOf;
  }

  /** Makes the pause after the next round check every file of every day against the journal. */
  forget(): void {
    this.#isForgetful = true;
  }

  /** Runs one round; returns the pause until the next, in milliseconds. */
  async run(): Promise<number> {
    const { intake, reconcileMs, nowMs } = this.#deps;
    const startedMs = nowMs();
    // Files left out have waited in their folders while the queue was long.
    const leftFrom = intake.takeOverflow();
    if (leftFrom !== null) this.#listAnew(leftFrom);
    const found = await this.#days();
    if (found.kind !== "listed") return this.#cannotList(found);
    this.#tellOnce(found.odd, "is not a day");
    this.#tellOnce(found.linked, "is a link and no folder");
    const listing = intake.newListing();
    this.#listingCpuMs = 0;
    this.#looked = null;
    try {
      await this.#listDays(found.days, { listing, startedMs, hasWaited: leftFrom !== null });
      this.#tellState(this.#trouble === null ? "ok" : "error", this.#trouble ?? "");
    } catch (error) {
      this.#tellState("error", messageOf(error));
    } finally {
      intake.merge(listing);
    }
    this.#deps.onProgress();
    const pauseMs = this.#state === "ok" ? this.#pauseMs() : reconcileMs;
    if (this.#looked !== null) this.#dueDays.looked(this.#looked, nowMs() + pauseMs);
    return pauseMs;
  }

  /** Makes the next round list the root: a day folder came or went. */
  listRootNext(): void {
    this.#nextRootMs = 0;
  }

  /** A root with many other entries is not listed in each round, so that it delays no day. */
  async #days(): Promise<ArchiveDays> {
    const { archive, nowMs } = this.#deps;
    if (this.#root?.kind === "listed" && nowMs() < this.#nextRootMs) return this.#root;
    // An event during the listing requests another one.
    this.#nextRootMs = Number.POSITIVE_INFINITY;
    this.#listingCpuMs = 0;
    const steps = archive.days();
    let found: ArchiveDays = { kind: "missing" };
    await this.#inTurns(
      (function* () {
        found = yield* steps;
      })(),
    );
    const restMs = Math.min(PAUSE_MAX_MS, this.#listingCpuMs * PAUSE_PER_LISTING);
    if (this.#nextRootMs !== 0) this.#nextRootMs = nowMs() + restMs;
    this.#root = found;
    return found;
  }

  #pauseMs(): number {
    const { watch, reconcileMs } = this.#deps;
    const isShort = this.#shortOf !== null;
    const longest = watch === null || isShort ? PAUSE_MAX_MS : PAUSE_WATCHED_MAX_MS;
    const shortest = isShort ? Math.min(PAUSE_UNWATCHED_MS, reconcileMs) : reconcileMs;
    return Math.min(longest, Math.max(shortest, this.#listingCpuMs * PAUSE_PER_LISTING));
  }

  /**
   * The pause after a round, used for deferrable work. `rest` resolves to true when it was interrupted, which ends
   * the pause.
   */
  async pause(pauseMs: number, rest: (ms: number) => Promise<boolean>): Promise<void> {
    const { intake, nowMs } = this.#deps;
    const dueMs = nowMs() + pauseMs;
    // The files that the round found come first.
    if (await rest(0)) return;
    // A full queue has no room for more files.
    while (this.#state !== "missing" && !intake.hasOverflowed) {
      const restMs = this.#tidying.slice();
      if (restMs === null || dueMs <= nowMs() + restMs) break;
      if (await rest(restMs)) return;
    }
    await rest(Math.max(0, dueMs - nowMs()));
  }

  #listAnew(from: string): void {
    this.#folders.forgetFrom(from);
    this.#tidying.hurryOldDays();
  }

  async #listDays(
    days: readonly string[],
    round: { readonly listing: Listing; readonly startedMs: number; readonly hasWaited: boolean },
  ): Promise<void> {
    const { intake, watch, whichDays } = this.#deps;
    const counting = whichDays.counting(days);
    const active = whichDays.active(counting);
    watch?.watchDays(active);
    this.#tellShort(watch?.shortOf() ?? null);
    this.#trouble = null;
    const blind = this.#dueDays.blindDays(counting, round.startedMs);
    const isBlind = (day: string) => round.hasWaited || blind.has(day);
    // No event announces a folder whose time does not change with its content.
    const isPolled = watch === null || this.#shortOf !== null;
    for (const day of isPolled ? whichDays.current(counting) : []) this.#folders.forgetDay(day);
    const looked: string[] = [];
    this.#looked = looked;
    for (const day of active) {
      // Files found now would have to be searched again when the queue has room.
      if (intake.hasOverflowed) break;
      if (intake.isFullWith(round.listing)) {
        intake.leaveFrom(day);
        break;
      }
      await this.#orTell(async () => {
        await this.#inTurns(this.#folders.visit(day, round.listing, isBlind(day)));
        looked.push(day);
      });
    }
    if (this.#isForgetful) this.#tidying.sweepAll(counting);
    this.#isForgetful = false;
    if (whichDays.takeVisitDue()) this.#tidying.visitOldDays();
    this.#tidying.plan({ counting, active, isBlind });
    intake.keepDays(active);
  }

  /** A folder that cannot be listed must not prevent the others. */
  async #orTell(list: () => Promise<void>): Promise<void> {
    try {
      await list();
    } catch (error) {
      this.#trouble = messageOf(error);
    }
  }

  /** Lists in slices, with a turn of the event loop after each, in which scans are pushed. */
  async #inTurns(steps: Generator<void>): Promise<void> {
    for (let isDone = false; !isDone;) {
      const startedMs = this.#deps.cpuMs();
      try {
        isDone = runSlice(steps, SLICE_MS, this.#deps.nowMs);
      } finally {
        this.#listingCpuMs += this.#deps.cpuMs() - startedMs;
      }
      if (!isDone) await this.#breathe();
    }
  }

  async #breathe(): Promise<void> {
    this.#deps.onProgress();
    await nextTurn();
  }

  #cannotList(found: Exclude<ArchiveDays, { kind: "listed" }>): number {
    if (found.kind === "missing") this.#tellState("missing", "");
    else this.#tellState("error", found.detail);
    return MISSING_PAUSE_MS;
  }

  #tellState(state: ArchiveState, detail: string): void {
    const report = `${state} ${detail}`;
    if (report === this.#reported) return;
    this.#reported = report;
    this.#state = state;
    if (state === "ok") this.#deps.log("the archive can be listed again");
    if (state === "missing") this.#deps.log("the archive folder does not exist: waiting for it");
    if (state === "error") this.#deps.log(`the archive cannot be listed: ${detail}`);
  }

  #tellShort(limit: string | null): void {
    if (limit === this.#shortOf) return;
    this.#shortOf = limit;
    if (limit === null) this.#deps.log("every folder is watched by events again");
    else {
      this.#deps.warn(
        `no file events, the archive is listed instead: ${limit} is used up; raise it`,
      );
    }
  }

  #tellOnce(names: readonly string[], what: string): void {
    for (const name of names) {
      if (!this.#oddReported.has(name)) this.#deps.log(`${name} ${what}: its files are not read`);
      this.#oddReported.add(name);
    }
  }
}
