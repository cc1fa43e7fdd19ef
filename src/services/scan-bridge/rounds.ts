/**
 * Reconciliation: listing the day folders finds what events did not tell, on shares everything.
 *
 * Invariant: a round costs at most a few per cent of a core, whatever a folder holds: the pause
 * between rounds grows with the time that the listing took.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ArchiveWatch } from "../../adapters/archive/watch-archive.ts";
import { previousDay } from "../../domain/scan/archive-names.ts";
import { MS_PER_HOUR, MS_PER_MINUTE } from "../../domain/time.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import type { Intake } from "./intake.ts";

export type ArchiveState = "ok" | "missing" | "error";

export type RoundsDeps = {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  /** Null where the archive gives no events. */
  readonly watch: ArchiveWatch | null;
  readonly reconcileMs: number;
  /** Day of the newest scan pushed, and the first day that counts; null while not known. */
  readonly checkpointDay: () => string | null;
  readonly firstDay: (days: readonly string[]) => string | null;
  readonly nowMs: () => number;
  readonly onProgress: () => void;
  readonly log: (line: string) => void;
};

export type Rounds = ReturnType<typeof createRounds>;

const PAUSE_PER_LISTING = 40;
const PAUSE_MAX_MS = 10_000;
/** Where events tell of new files, listing is the second line. */
const PAUSE_WATCHED_MAX_MS = 5 * MS_PER_MINUTE;
const SWEEP_EVERY_MS = 10 * MS_PER_MINUTE;
const BLIND_AFTER_MS = MS_PER_MINUTE;
/** A folder whose time is this fresh may change again without its time moving. */
const FRESH_MARK_MS = 2_000;
const NAMES_PER_TURN = 2_000;
const SWEEP_NAMES_PER_TURN = 200;

export function createRounds(deps: RoundsDeps) {
  const marks = new Map<string, { mark: string; listedMs: number; fresh: boolean }>();
  let state: ArchiveState = "ok";
  let dueMs: number | null = null;
  let nextSweepMs = deps.nowMs() + SWEEP_EVERY_MS;
  let nextOldDaysMs = deps.nowMs() + MS_PER_HOUR;
  const oddTold = new Set<string>();

  async function listDay(day: string, foundByFirstListing: boolean): Promise<void> {
    let turn = 0;
    for (const name of deps.archive.names(day)) {
      if (!deps.intake.isPassedOver(day, name)) {
        deps.intake.stage(`${day}/${name}`, foundByFirstListing);
      }
      turn += 1;
      if (turn % NAMES_PER_TURN === 0) await breathe();
    }
    deps.onProgress();
  }
  async function breathe(): Promise<void> {
    deps.onProgress();
    await nextTurn();
  }
  /** Lists the day when its folder changed since, or may have. */
  async function visit(day: string, foundByFirstListing: boolean): Promise<void> {
    const found = deps.archive.mark(day);
    const before = marks.get(day);
    if (found === null) {
      marks.delete(day);
      return;
    }
    if (before?.mark === found.mark && !before.fresh) return;
    const listedMs = deps.nowMs();
    // The same mark twice, two seconds apart, is not fresh any more.
    const fresh = before?.mark !== found.mark || listedMs - before.listedMs < FRESH_MARK_MS;
    await listDay(day, foundByFirstListing);
    marks.set(day, {
      mark: found.mark,
      listedMs: before?.mark === found.mark ? before.listedMs : listedMs,
      fresh,
    });
  }
  /** Asks the journal about every file: finds what was rewritten without an event. */
  async function sweep(days: readonly string[]): Promise<void> {
    let turn = 0;
    for (const day of days) {
      for (const name of deps.archive.names(day)) {
        deps.intake.stage(`${day}/${name}`, false);
        turn += 1;
        if (turn % SWEEP_NAMES_PER_TURN === 0) await breathe();
      }
    }
  }

  return {
    state: (): ArchiveState => state,
    /** Forces every folder to be listed and swept in the next round. */
    forgetMarks(): void {
      marks.clear();
      nextSweepMs = 0;
      nextOldDaysMs = 0;
    },
    /** One round; returns the pause until the next, in milliseconds. */
    async run(): Promise<number> {
      const startedMs = deps.nowMs();
      if (deps.intake.takeOverflow()) marks.clear();
      const listed = deps.archive.days();
      if (listed.kind !== "listed") {
        const now: ArchiveState = listed.kind === "missing" ? "missing" : "error";
        if (state !== now) {
          deps.log(
            listed.kind === "missing"
              ? "the archive folder does not exist: waiting for it"
              : `the archive cannot be listed: ${listed.detail}`,
          );
        }
        state = now;
        return Math.min(deps.reconcileMs, 1_000);
      }
      if (state !== "ok") deps.log("the archive can be listed again");
      // What a blind minute hid was not watched as it came: it is replayed.
      const isFirst = dueMs === null || BLIND_AFTER_MS < startedMs - dueMs;
      state = "ok";
      for (const name of listed.odd) {
        if (!oddTold.has(name)) deps.log(`folder ${name} is not a day: its files are not read`);
        oddTold.add(name);
      }
      const first = deps.firstDay(listed.days);
      const days = listed.days.filter((day) => first !== null && first <= day);
      const active = activeDays(days, deps.checkpointDay());
      deps.watch?.watchDays(active);
      try {
        for (const day of active) await visit(day, isFirst);
        if (nextOldDaysMs <= startedMs) {
          for (const day of days) if (!active.includes(day)) await visit(day, true);
          nextOldDaysMs = startedMs + MS_PER_HOUR;
        }
        if (nextSweepMs <= startedMs) {
          await sweep(active.slice(-2));
          nextSweepMs = startedMs + SWEEP_EVERY_MS;
        }
      } catch (error) {
        deps.intake.mergeStaged();
        state = "error";
        deps.log(`a day folder cannot be listed: ${(error as Error).message}`);
        return deps.reconcileMs;
      }
      deps.intake.mergeStaged();
      deps.intake.keepDays(active);
      deps.onProgress();
      const endedMs = deps.nowMs();
      const longest = deps.watch === null ? PAUSE_MAX_MS : PAUSE_WATCHED_MAX_MS;
      const stretched = (endedMs - startedMs) * PAUSE_PER_LISTING;
      const pauseMs = Math.min(longest, Math.max(deps.reconcileMs, stretched));
      dueMs = endedMs + pauseMs;
      return pauseMs;
    },
  };
}

/** From the day before the newest pushed scan's to the newest that exists. */
function activeDays(days: readonly string[], checkpointDay: string | null): readonly string[] {
  if (checkpointDay === null) return days;
  const from = previousDay(checkpointDay);
  return days.filter((day) => from <= day);
}
