/**
 * Reads recorded books: `<folder>/YYYY-MM-DD/<segment>.arrow`, in the order of their publication. One segment is in
 * memory at a time, whatever the length of the period.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublishedBook } from "../../domain/order-book/book.ts";
import { codeOf } from "../../domain/failure.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { readSegment } from "../../wire/order-book/recorded-books.ts";

export type BookPeriod = { readonly fromMs: number; readonly toMs: number };

export function booksFolder(dataDir: string): string {
  return join(dataDir, "order-books");
}

/** The days with recordings, in order. */
export function bookDays(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name));
}

/** The published books of one asset (null: of all) from one time to before another, in order; lazily. */
export function* readPublishedBooks(
  folder: string,
  asset: string | null,
  { fromMs, toMs }: BookPeriod,
): Generator<PublishedBook> {
  const [first, last] = [dayOf(fromMs), dayOf(toMs)];
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const day of bookDays(folder)) {
    if (day < first || last < day) continue;
    for (const name of segmentsOf(folder, day)) {
      for (const known of readSegment(readFileSync(join(folder, day, name))).books) {
        if (known.knownMs < fromMs || toMs <= known.knownMs) continue;
        // If two processes recorded at once, or a clock was set back, books that would be out of order are skipped.
        if (known.knownMs < newestMs) continue;
        newestMs = known.knownMs;
        if (asset === null || known.asset === asset) yield known;
      }
    }
  }
}

/** The segments of one day, and their source. */
export function segmentsOf(folder: string, day: string): readonly string[] {
  return namesIn(join(folder, day)).filter((name) => name.endsWith(".arrow"));
}

function dayOf(ms: number): string {
  const bounded = Math.min(Math.max(ms, 0), MS_PER_DAY * 3_000_000);
  return dayFromMicros(bounded * US_PER_MS);
}

/** In order; empty where there is no such folder. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    throw error;
  }
}
