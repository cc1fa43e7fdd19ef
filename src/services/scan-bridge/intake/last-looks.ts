/**
 * When each day's folder is to be looked at next. What is found in a folder long after that time has
 * waited unseen. A folder that cannot be read says nothing about the others.
 */
import { MS_PER_MINUTE } from "../../../domain/time.ts";

/** A look this overdue means that nothing was watched meanwhile: process frozen, share hung. */
const BLIND_AFTER_MS = MS_PER_MINUTE;

export class LastLooks {
  /** When the next look at a day is due; one that failed leaves it as it was. */
  readonly #dueMs = new Map<string, number>();
  /** When the next listing of the archive itself is due; a day that first appears in it has begun since. */
  #rootDueMs = Number.NEGATIVE_INFINITY;

  /** The days in which nothing was watched until now, of all that count. */
  blindDays(counting: readonly string[], nowMs: number): ReadonlySet<string> {
    for (const day of this.#dueMs.keys()) if (!counting.includes(day)) this.#dueMs.delete(day);
    for (const day of counting) {
      if (!this.#dueMs.has(day)) this.#dueMs.set(day, Math.min(nowMs, this.#rootDueMs));
    }
    const isBlind = (day: string) => BLIND_AFTER_MS < nowMs - (this.#dueMs.get(day) ?? nowMs);
    return new Set(counting.filter(isBlind));
  }

  /** The archive was listed, and of its days these were looked at. */
  looked(days: readonly string[], nextMs: number): void {
    this.#rootDueMs = nextMs;
    for (const day of days) this.#dueMs.set(day, nextMs);
  }
}
