/**
 * Reconciliation: listing the day folders finds what events did not tell, on shares everything.
 *
 * Invariant: a round costs at most a few per cent of a core, whatever a folder holds: the pause
 * between rounds grows with the time that the listing took.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ArchiveDays } from "../../../adapters/archive/list-archive.ts";
import type { ArchiveWatch } from "../../../adapters/archive/watch-archive.ts";
import { messageOf } from "../../../domain/failure.ts";
import { previousDay } from "../../../domain/scan/archive-names.ts";
import { MS_PER_HOUR, MS_PER_MINUTE } from "../../../domain/time.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import type { Intake } from "./intake.ts";

export type ArchiveState = "ok" | "missing" | "error";

export type RoundsDeps = {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  /** Null where the archive gives no events. */
  readonly watch: ArchiveWatch | null;
  readonly reconcileMs: number;
  /** Day of the newest scan pushed; null before the first. */
  readonly checkpointDay: () => string | null;
  /** The first day that counts, given those that exist; null while there is none. */
  readonly firstDay: (days: readonly string[]) => string | null;
  readonly nowMs: () => number;
  readonly onProgress: () => void;
  readonly log: (line: string) => void;
};

const PAUSE_PER_LISTING = 40;
const PAUSE_MAX_MS = 10_000;
/** Where events tell of new files, listing is the second line. */
const PAUSE_WATCHED_MAX_MS = 5 * MS_PER_MINUTE;
/** Pause while the archive is missing. */
const MISSING_PAUSE_MS = 1_000;
const SWEEP_EVERY_MS = 10 * MS_PER_MINUTE;
const SWEPT_DAYS = 2;
/** A round this overdue means that nothing was watched meanwhile: process frozen, share hung. */
const BLIND_AFTER_MS = MS_PER_MINUTE;
/** A folder listed this soon after it changed may have changed again at the same time stamp. */
const FRESH_MS = 2_000;
const NAMES_PER_TURN = 2_000;
const SWEPT_NAMES_PER_TURN = 200;

/** When a folder with this mark was first listed, and whether it must be listed once more. */
type Listed = { readonly mark: string; readonly listedMs: number; readonly isFresh: boolean };

export class Rounds {
  readonly #deps: RoundsDeps;
  readonly #listed = new Map<string, Listed>();
  readonly #oddTold = new Set<string>();
  #state: ArchiveState = "ok";
  #told = "ok ";
  /** Why a folder could not be listed in this round. */
  #trouble: string | null = null;
  /** When the next round is due; null before the first. */
  #dueMs: number | null = null;
  #nextSweepMs: number;
  #nextOldDaysMs: number;
  #isForgetful = false;

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
    this.#nextSweepMs = deps.nowMs() + SWEEP_EVERY_MS;
    this.#nextOldDaysMs = deps.nowMs() + MS_PER_HOUR;
  }

  get state(): ArchiveState {
    return this.#state;
  }

  /** Has the next round ask the journal about every file of every day. */
  forget(): void {
    this.#isForgetful = true;
  }

  get isForgetful(): boolean {
    return this.#isForgetful;
  }

  /** One round; returns the pause until the next, in milliseconds. */
  async run(): Promise<number> {
    const { archive, intake, watch, reconcileMs, nowMs } = this.#deps;
    const startedMs = nowMs();
    // What was left out has waited in its folder, however long the queue was.
    const hasWaited = intake.takeOverflow();
    if (hasWaited) this.#listed.clear();
    const found = archive.days();
    if (found.kind !== "listed") return this.#cannotList(found);
    this.#tellOdd(found.odd);
    const isBlind = hasWaited || this.#dueMs === null || BLIND_AFTER_MS < startedMs - this.#dueMs;
    try {
      await this.#listDays(found.days, { startedMs, foundByFirstListing: isBlind });
      intake.stageYoung(isBlind);
      this.#tellState(this.#trouble === null ? "ok" : "error", this.#trouble ?? "");
    } catch (error) {
      this.#tellState("error", messageOf(error));
    } finally {
      intake.mergeStaged();
    }
    this.#deps.onProgress();
    if (this.#state !== "ok") return reconcileMs;
    const longest = watch === null ? PAUSE_MAX_MS : PAUSE_WATCHED_MAX_MS;
    const stretched = (nowMs() - startedMs) * PAUSE_PER_LISTING;
    const pauseMs = Math.min(longest, Math.max(reconcileMs, stretched));
    this.#dueMs = nowMs() + pauseMs;
    return pauseMs;
  }

  async #listDays(
    days: readonly string[],
    round: { readonly startedMs: number; readonly foundByFirstListing: boolean },
  ): Promise<void> {
    const { intake, watch, checkpointDay, firstDay } = this.#deps;
    const first = firstDay(days);
    const counting = days.filter((day) => first !== null && first <= day);
    const active = activeDays(counting, checkpointDay());
    watch?.watchDays(active);
    this.#trouble = null;
    for (const day of active) {
      await this.#orTell(() => this.#visit(day, round.foundByFirstListing));
    }
    if (this.#nextOldDaysMs <= round.startedMs) {
      for (const day of counting) {
        if (!active.includes(day)) await this.#orTell(() => this.#visit(day, true));
      }
      this.#nextOldDaysMs = round.startedMs + MS_PER_HOUR;
    }
    if (this.#nextSweepMs <= round.startedMs || this.#isForgetful) {
      const swept = this.#isForgetful ? counting : active.slice(-SWEPT_DAYS);
      this.#isForgetful = false;
      for (const day of swept) await this.#orTell(() => this.#sweep(day));
      this.#nextSweepMs = round.startedMs + SWEEP_EVERY_MS;
    }
    intake.keepDays(active);
  }

  /** A folder that cannot be listed must not hide the others. */
  async #orTell(list: () => Promise<void>): Promise<void> {
    try {
      await list();
    } catch (error) {
      this.#trouble = messageOf(error);
    }
  }

  /** Lists the day when its folder has changed, or may have. */
  async #visit(day: string, foundByFirstListing: boolean): Promise<void> {
    const { archive, intake, nowMs } = this.#deps;
    const mark = archive.mark(day);
    if (mark === null) {
      this.#listed.delete(day);
      return;
    }
    const before = this.#listed.get(day);
    const isSame = before?.mark === mark;
    if (isSame && !before.isFresh) return;
    const listedMs = nowMs();
    let names = 0;
    for (const name of archive.names(day)) {
      if (!intake.isPassedOver(day, name)) {
        intake.stage(`${day}/${name}`, foundByFirstListing);
        // On a share each of these asks the other machine, which may take its time.
        this.#deps.onProgress();
      }
      names += 1;
      if (names % NAMES_PER_TURN === 0) await this.#breathe();
    }
    this.#listed.set(day, {
      mark,
      listedMs: isSame ? before.listedMs : listedMs,
      isFresh: !isSame || listedMs - before.listedMs < FRESH_MS,
    });
  }

  /** Asks the journal about every file: finds what was rewritten without an event. */
  async #sweep(day: string): Promise<void> {
    let names = 0;
    for (const name of this.#deps.archive.names(day)) {
      this.#deps.intake.stage(`${day}/${name}`, false);
      names += 1;
      if (names % SWEPT_NAMES_PER_TURN === 0) await this.#breathe();
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
    const told = `${state} ${detail}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#state = state;
    if (state === "ok") this.#deps.log("the archive can be listed again");
    if (state === "missing") this.#deps.log("the archive folder does not exist: waiting for it");
    if (state === "error") this.#deps.log(`the archive cannot be listed: ${detail}`);
  }

  #tellOdd(names: readonly string[]): void {
    for (const name of names) {
      if (!this.#oddTold.has(name)) this.#deps.log(`${name} is not a day: its files are not read`);
      this.#oddTold.add(name);
    }
  }
}

/** From the day before the newest pushed scan's to the newest that exists. */
function activeDays(days: readonly string[], checkpointDay: string | null): readonly string[] {
  if (checkpointDay === null) return days;
  const from = previousDay(checkpointDay);
  return days.filter((day) => from <= day);
}
