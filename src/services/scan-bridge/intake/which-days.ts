/** Which day folders count, which of them every round lists, and which are before the first that counts. */
import type { ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import { isScanName, laterDay, previousDay } from "../../../domain/scan/archive-names.ts";
import { PROVED_DAY_KEY } from "../../../domain/scan/audit.ts";
import { dayFromMicros, MS_PER_DAY, MS_PER_HOUR, US_PER_MS } from "../../../domain/time.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";

export type WhichDaysDeps = {
  readonly archive: Pick<ArchiveReader, "mark" | "names">;
  readonly journal: Pick<ScanJournal, "meta" | "setMeta">;
  readonly since: string | null;
  /** Day of the newest scan in order when the bridge started. */
  readonly startedAfterDay: string | null;
  /** Day of the newest scan in order now. */
  readonly newestDay: () => string | null;
  readonly nowUs: () => number;
  readonly nowMs: () => number;
};

/** An old folder that has changed is listed in every round for this long. */
const CHANGED_MS = MS_PER_HOUR;
/**
 * When more have changed, such as all after a remount, only the newest are; a visit of the old days finds the rest.
 */
const CHANGED_MAX = 10;
/** Time per round for examining old folders; at least one is examined. */
const EXAMINE_MS = 20;
const EXAMINED_MAX = 50;

export class WhichDays {
  readonly #deps: WhichDaysDeps;
  /** The earliest day that would have been the first, while there was no scan to decide it. */
  #undecided: string | null = null;
  readonly #glances: Glances;
  readonly #before: Glances;
  readonly #filesBefore = new Map<string, number>();
  #trouble: string | null = null;
  #isVisitDue = false;

  constructor(deps: WhichDaysDeps) {
    this.#deps = deps;
    this.#glances = new Glances(deps);
    this.#before = new Glances(deps);
  }

  /** Number of scan files in days before the first that counts, as far as counted. */
  get filesBefore(): number {
    return [...this.#filesBefore.values()].reduce((sum, files) => sum + files, 0);
  }

  /** Why no scans of today are pushed; null where they are. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** The days that count. */
  counting(days: readonly string[]): readonly string[] {
    const first = this.#first(days);
    this.#trouble = this.#troubleOf(days, first);
    this.#countBefore(days.filter((day) => day < first));
    return days.filter((day) => first <= day);
  }

  /**
   * The newest, today and its neighbours by our clock, whatever was pushed last; all from the day before the newest
   * pushed scan; and the newest of those that changed lately.
   */
  active(counting: readonly string[]): readonly string[] {
    const newestDay = this.#deps.newestDay();
    if (newestDay === null) return counting;
    const from = previousDay(newestDay);
    const around = [-1, 0, 1].map((days) => this.#today(days));
    const isNear = (day: string) => from <= day || around.includes(day) || day === counting.at(-1);
    const old = counting.filter((day) => !isNear(day));
    let hasOneChanged = false;
    this.#glances.examine(old, (_day, isNews) => (hasOneChanged ||= isNews));
    const changed = old.filter((day) => this.#glances.hasChanged(day));
    const listed = changed.slice(-CHANGED_MAX);
    this.#isVisitDue ||= hasOneChanged && listed.length < changed.length;
    return counting.filter((day) => isNear(day) || listed.includes(day));
  }

  /** True once where more old days have changed than every round lists. */
  takeVisitDue(): boolean {
    const isDue = this.#isVisitDue;
    this.#isVisitDue = false;
    return isDue;
  }

  /** Those in which the next scan is expected. */
  current(counting: readonly string[]): readonly string[] {
    const expected = [counting.at(-1), this.#today(), this.#deps.newestDay()];
    return counting.filter((day) => expected.includes(day));
  }

  /**
   * Stored in the journal; moved back only by `since`, and never to a day that is not complete. At the very first
   * start: the newest day with scans up to today, so that a folder created ahead of its time hides nothing.
   */
  #first(days: readonly string[]): string {
    const { journal, since, startedAfterDay } = this.#deps;
    const kept = journal.meta("first_day");
    const isKept = kept !== null && (since === null || kept <= since);
    const known =
      startedAfterDay === null ? null : previousDay(earlier(startedAfterDay, this.#today()));
    const wished = isKept ? kept : (since ?? known ?? this.#firstOfAll(days));
    const first = laterDay(wished, journal.meta(PROVED_DAY_KEY));
    if (first === null) return this.#undecided ?? this.#today();
    if (first !== kept) journal.setMeta("first_day", first);
    return first;
  }

  /** A clock that was ahead has made a future day the first one. */
  #troubleOf(days: readonly string[], first: string): string | null {
    const today = this.#today();
    if (first <= today || !days.includes(today)) return null;
    const proved = this.#deps.journal.meta(PROVED_DAY_KEY);
    const remedy =
      proved === null || proved <= today
        ? `set scan_bridge.since to ${today} and restart the bridge`
        : "the record of what was pushed from it is incomplete";
    return `nothing of today, ${today}, is pushed: the first day is ${first}, because this machine's clock was ahead then or is behind now; ${remedy}`;
  }

  /** Null while there is no scan: folders that may stay empty decide nothing. */
  #firstOfAll(days: readonly string[]): string | null {
    const past = days.filter((day) => day <= this.#today());
    const newest = past.at(-1) ?? this.#today();
    this.#undecided = earlier(this.#undecided ?? newest, newest);
    const holding = past.findLast((day) => this.#holdsScan(day));
    if (holding !== undefined) return earlier(holding, this.#undecided);
    return days.some((day) => this.#holdsScan(day)) ? this.#undecided : null;
  }

  #holdsScan(day: string): boolean {
    try {
      for (const name of this.#deps.archive.names(day)) if (isScanName(name)) return true;
    } catch {
      // The listing will report why it cannot be read.
    }
    return false;
  }

  #countBefore(days: readonly string[]): void {
    for (const day of this.#filesBefore.keys()) {
      if (!days.includes(day)) this.#filesBefore.delete(day);
    }
    this.#before.examine(days, (day) => {
      try {
        let files = 0;
        for (const name of this.#deps.archive.names(day)) if (isScanName(name)) files += 1;
        this.#filesBefore.set(day, files);
      } catch {
        // No scan is missed: the day does not count.
      }
    });
  }

  #today(offsetDays = 0): string {
    return dayFromMicros(this.#deps.nowUs() + offsetDays * MS_PER_DAY * US_PER_MS);
  }
}

/** Examines a few folders each time, in turn, and remembers which have changed. */
class Glances {
  readonly #deps: Pick<WhichDaysDeps, "archive" | "nowMs">;
  readonly #marks = new Map<string, string>();
  readonly #changedMs = new Map<string, number>();
  /** The folders of the first look: one that appears later is known to be new. */
  #first: ReadonlySet<string> | null = null;
  #last = "";

  constructor(deps: Pick<WhichDaysDeps, "archive" | "nowMs">) {
    this.#deps = deps;
  }

  /**
   * Calls `onMark` for each folder whose mark differs from the known one. `isNews`: only if the folder was examined
   * before.
   */
  examine(days: readonly string[], onMark: (day: string, isNews: boolean) => void): void {
    const { archive, nowMs } = this.#deps;
    const startedMs = nowMs();
    this.#first ??= new Set(days);
    const after = days.filter((day) => this.#last < day);
    const inTurn = [...after, ...days.filter((day) => day <= this.#last)].slice(0, EXAMINED_MAX);
    for (const day of inTurn) {
      this.#last = day;
      const mark = markOf(archive, day);
      const before = this.#marks.get(day);
      if (mark !== null && mark !== before) {
        this.#marks.set(day, mark);
        const isNews = before !== undefined || !this.#first.has(day);
        if (isNews) this.#changedMs.set(day, nowMs());
        onMark(day, isNews);
      }
      if (EXAMINE_MS < nowMs() - startedMs) return;
    }
  }

  hasChanged(day: string): boolean {
    const changedMs = this.#changedMs.get(day);
    return changedMs !== undefined && this.#deps.nowMs() - changedMs < CHANGED_MS;
  }
}

/** Null when it is gone or cannot be read. */
function markOf(archive: Pick<ArchiveReader, "mark">, day: string): string | null {
  try {
    return archive.mark(day);
  } catch {
    return null;
  }
}

function earlier(one: string, other: string): string {
  return one < other ? one : other;
}
