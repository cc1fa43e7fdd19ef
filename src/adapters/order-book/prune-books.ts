/**
 * Deletes the oldest recorded books beyond the retention. Days are counted by what was recorded, not by the calendar:
 * a clock that is ahead must not make everything look old. The current day stays, and is reported when it alone
 * exceeds the limit.
 */
import { rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import { bookDays, segmentsOf } from "./book-archive.ts";

export type KeptBooks = {
  readonly folder: string;
  /** Number of recorded days to keep besides the current one. */
  readonly keepDays: number;
  readonly keepBytes: number;
};

export type Pruned = {
  /** Deleted days, and segments by day and name. */
  readonly removed: readonly string[];
  /** Whether the current day alone exceeds the limit. */
  readonly isFull: boolean;
  /** Why something could not be deleted; null: nothing. */
  readonly trouble: string | null;
};

const ASKED_AT_ONCE_MAX = 16;
const FULL = "this day's books alone exceed order_book.keep_gb";

/** Prunes periodically, one run at a time, and keeps the result. */
export function createPruner(kept: KeptBooks) {
  let isUnderWay = false;
  let fullDay: string | null = null;
  let trouble: string | null = null;
  return {
    /** Whether recording of the current day has to stop. */
    isFull: (nowMs: number) => fullDay === dayOf(nowMs),
    trouble: () => trouble,
    /** Returns what was deleted; it never rejects. */
    async prune(nowMs: number): Promise<readonly string[]> {
      if (isUnderWay) return [];
      isUnderWay = true;
      try {
        const found = await pruneBooks(kept, nowMs);
        fullDay = found.isFull ? dayOf(nowMs) : null;
        trouble = found.isFull ? FULL : found.trouble;
        return found.removed;
      } catch (error) {
        trouble = messageOf(error);
        return [];
      } finally {
        isUnderWay = false;
      }
    },
  };
}

export async function pruneBooks(
  { folder, keepDays, keepBytes }: KeptBooks,
  nowMs: number,
): Promise<Pruned> {
  const today = dayOf(nowMs);
  const removed: string[] = [];
  let trouble: string | null = null;
  const remove = async (name: string): Promise<void> => {
    try {
      await rm(join(folder, name), { recursive: true, force: true });
      removed.push(name);
    } catch (error) {
      // The others can be deleted all the same.
      trouble ??= messageOf(error);
    }
  };
  // Other entries that only resemble a day are left alone.
  const days = bookDays(folder).filter(
    (day) => day !== today && 0 < segmentsOf(folder, day).length,
  );
  for (const day of days.slice(0, -keepDays)) await remove(day);
  const kept = days.slice(-keepDays);
  const todayBytes = await bytesIn(folder, today);
  let bytes = todayBytes;
  for (const day of kept) bytes += await bytesIn(folder, day);
  for (const day of kept) {
    for (const segment of bytes <= keepBytes ? [] : segmentsOf(folder, day)) {
      if (bytes <= keepBytes) break;
      const name = join(day, segment);
      const size = await sizeOf(join(folder, name));
      await remove(name);
      bytes -= size;
    }
  }
  for (const day of kept) await removeEmpty(join(folder, day));
  return { removed, isFull: keepBytes < todayBytes, trouble };
}

function dayOf(ms: number): string {
  return dayFromMicros(ms * US_PER_MS);
}

/** Some at a time: a folder may have any number, and the recorder's writes wait behind what is asked of the disk. */
async function bytesIn(folder: string, day: string): Promise<number> {
  const segments = segmentsOf(folder, day);
  let bytes = 0;
  for (let from = 0; from < segments.length; from += ASKED_AT_ONCE_MAX) {
    const some = segments.slice(from, from + ASKED_AT_ONCE_MAX);
    const sizes = await Promise.all(some.map((segment) => sizeOf(join(folder, day, segment))));
    bytes += sizes.reduce((sum, size) => sum + size, 0);
  }
  return bytes;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // Another process has deleted it meanwhile.
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

async function removeEmpty(day: string): Promise<void> {
  try {
    await rmdir(day);
  } catch {
    // It is not empty, as is usual.
  }
}
