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

export async function pruneBooks(kept: KeptBooks, nowMs: number): Promise<Pruned> {
  const { folder, keepDays, keepBytes } = kept;
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
  const todayBytes = bytesOf(await sizesOf(folder, today));
  const older = (
    await Promise.all(days.slice(-keepDays).map((day) => sizesOf(folder, day)))
  ).flat();
  let bytes = todayBytes + bytesOf(older);
  for (const { name, size } of older) {
    if (bytes <= keepBytes) break;
    await remove(name);
    bytes -= size;
  }
  for (const day of days.slice(-keepDays)) await removeEmpty(join(folder, day));
  return { removed, isFull: keepBytes < todayBytes, trouble };
}

function dayOf(ms: number): string {
  return dayFromMicros(ms * US_PER_MS);
}

type Sized = { readonly name: string; readonly size: number };

async function sizesOf(folder: string, day: string): Promise<readonly Sized[]> {
  return Promise.all(
    segmentsOf(folder, day).map(async (segment) => {
      const name = join(day, segment);
      return { name, size: await sizeOf(join(folder, name)) };
    }),
  );
}

function bytesOf(segments: readonly Sized[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0);
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
