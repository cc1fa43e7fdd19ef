/**
 * Writes batches of told books to segments, a file each: `<folder>/YYYY-MM-DD/<time>-<epoch>-<nth>.arrow`. A new one
 * begins each hour, each day, with each source, when it is full, and when the clock was set. A batch is one write at the
 * end of the file, so that a kill costs at most what was not written yet; a write that failed ends its segment, as
 * nothing behind a torn batch could be read.
 * Invariant: no call waits for the disk on the thread that hears the venue.
 */
import { type FileHandle, mkdir, open as openFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ToldBook } from "../../domain/order-book/book.ts";
import {
  dayFromMicros,
  isoFromMs,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  US_PER_MS,
} from "../../domain/time.ts";
import { createSegmentEncoder, type SegmentEncoder } from "../../wire/order-book/recorded-books.ts";

export type BatchAt = { readonly source: string; readonly nowMs: number };

export type SegmentWriter = {
  /** Rejects when not all of it was written. One at a time. */
  write(books: readonly ToldBook[], at: BatchAt): Promise<void>;
  /** The next batch begins another segment; the one under way goes to the disk meanwhile. */
  end(): void;
  /** Ends it, and waits until all that was written is on the disk. */
  close(): Promise<void>;
};

type Open = {
  readonly path: string;
  readonly file: FileHandle;
  readonly encoder: SegmentEncoder;
  readonly source: string;
  readonly day: string;
  readonly sinceMs: number;
  /** Of its last batch. */
  lastMs: number;
  bytes: number;
};

const SEGMENT_BYTES_MAX = 32 * 1_048_576;
/** A clock that was set forward by less hides at most so much once it is set back. */
const JUMP_MS = 10 * MS_PER_MINUTE;
/** Segments that are on their way to the disk; a batch that would open one more waits. */
const ENDING_MAX = 4;

export function createSegmentWriter(by: {
  readonly folder: string;
  readonly epoch: number;
}): SegmentWriter {
  let open: Open | null = null;
  let opened = 0;
  let ending = 0;
  // One after the other: what waits for the disk must not take all threads that wait for anything.
  let ended: Promise<void> = Promise.resolve();
  const end = (): void => {
    const last = open;
    open = null;
    if (last === null) return;
    ending += 1;
    const before = ended;
    ended = (async () => {
      await before;
      await closeSegment(last);
      ending -= 1;
    })();
  };
  return {
    end,
    async write(books, at) {
      if (open !== null && isOver(open, at)) end();
      if (open === null) {
        if (ENDING_MAX <= ending) await ended;
        opened += 1;
        open = await openSegment(by, at, opened);
      }
      try {
        await append(open, books, at.nowMs);
      } catch (error) {
        end();
        throw error;
      }
    },
    close() {
      end();
      return ended;
    },
  };
}

async function openSegment(
  { folder, epoch }: { readonly folder: string; readonly epoch: number },
  { source, nowMs }: BatchAt,
  nth: number,
): Promise<Open> {
  const day = dayOf(nowMs);
  await mkdir(join(folder, day), { recursive: true, mode: 0o700 });
  const clock = isoFromMs(nowMs).slice(11, 23).replaceAll(/[:.]/g, "");
  const name = `${clock}-${String(epoch).padStart(6, "0")}-${String(nth).padStart(4, "0")}.arrow`;
  const path = join(folder, day, name);
  const file = await openFile(path, "wx", 0o600);
  const encoder = createSegmentEncoder(source);
  return { path, file, encoder, source, day, sinceMs: nowMs, lastMs: nowMs, bytes: 0 };
}

async function append(open: Open, books: readonly ToldBook[], nowMs: number): Promise<void> {
  const bytes = open.encoder.encode(books);
  const { bytesWritten } = await open.file.write(bytes);
  if (bytesWritten < bytes.length) throw new Error("the disk took only a part of a batch");
  open.bytes += bytesWritten;
  open.lastMs = nowMs;
}

async function closeSegment({ path, file, bytes }: Open): Promise<void> {
  // It has told of it with the write, or the next one does.
  await attempt(() => file.datasync());
  await attempt(() => file.close());
  // Nothing whole is in it: each attempt on a full disk would leave one.
  if (bytes === 0) await attempt(() => rm(path, { force: true }));
}

async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch {
    // What a failed disk keeps of it is not worth the service.
  }
}

/**
 * Readers go by the names of segments: what a clock wrote before it was set goes into one, and what it wrote after into
 * another, so that a jump and its undoing hide nothing behind what seems newer. A silence is taken for a jump, too.
 */
function isOver(open: Open, { source, nowMs }: BatchAt): boolean {
  const passedMs = nowMs - open.lastMs;
  if (passedMs < 0 || JUMP_MS < passedMs) return true;
  if (SEGMENT_BYTES_MAX <= open.bytes || MS_PER_HOUR <= nowMs - open.sinceMs) return true;
  return open.source !== source || open.day !== dayOf(nowMs);
}

function dayOf(ms: number): string {
  return dayFromMicros(ms * US_PER_MS);
}
