/**
 * When each day's folder is due to be examined. Files found long after that time have waited unseen. A folder that
 * cannot be read says nothing about the others.
 */
import { MS_PER_MINUTE } from "../../../domain/time.ts";

/** A look this overdue means that nobody watched meanwhile: the process was frozen, or the share hung. */
const BLIND_AFTER_MS = MS_PER_MINUTE;

export class DueDays {
  /** When the next look at a day is due; a failed one does not change it. */
  readonly #dueMs = new Map<string, number>();
  /** When the next listing of the archive itself is due; a day that first appears in it has started since. */
  #rootDueMs = Number.NEGATIVE_INFINITY;

  /** The days that nobody watched until now, among all that count. */
  blindDays(counting: readonly string[], nowMs: number): ReadonlySet<string> {
    for (const day of this.#dueMs.keys()) if (!counting.includes(day)) this.#dueMs.delete(day);
    for (const day of counting) {
      if (!this.#dueMs.has(day)) this.#dueMs.set(day, Math.min(nowMs, this.#rootDueMs));
    }
    const isBlind = (day: string) => BLIND_AFTER_MS < nowMs - (this.#dueMs.get(day) ?? nowMs);
    return new Set(counting.filter(isBlind));
  }

  /** The archive was listed, and these of its days were examined. */
  looked(days: readonly string[], nextMs: number): void {
    this.#rootDueMs = nextMs;
    for (const day of days) this.#dueMs.set(day, nextMs);
  }
}
