/**
 * Removes the oldest recorded books beyond what is kept. Days are counted by what was recorded and not by the calendar:
 * a clock that is ahead must not make all that there is look old. The day under way stays, and says when it alone is
 * too much.
 */
import { rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import { bookDays, segmentsOf } from "./book-archive.ts";

export type KeptBooks = {
  readonly folder: string;
  /** Days of which something was recorded, beside the one under way. */
  readonly keepDays: number;
  readonly keepBytes: number;
};

export type Pruned = {
  /** Days, and segments by day and name. */
  readonly removed: readonly string[];
  /** Whether the day under way alone is more than is kept. */
  readonly isFull: boolean;
  /** Why something stays that should not; null: nothing does. */
  readonly trouble: string | null;
};

const FULL = "the books of this day alone take more than order_book.keep_gb";

/** Prunes now and then, one at a time, and keeps what came of it. */
export function createPruner(kept: KeptBooks) {
  let isUnderWay = false;
  let fullDay: string | null = null;
  let trouble: string | null = null;
  return {
    /** Of whose day no more is to be recorded. */
    isFull: (nowMs: number) => fullDay === dayOf(nowMs),
    trouble: () => trouble,
    /** What was removed; it never rejects. */
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
      // What is beside it can go all the same.
      trouble ??= messageOf(error);
    }
  };
  // What only looks like a day is somebody else's.
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
    // Somebody else removed it meanwhile.
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

async function removeEmpty(day: string): Promise<void> {
  try {
    await rmdir(day);
  } catch {
    // There is something in it, as there mostly is.
  }
}
