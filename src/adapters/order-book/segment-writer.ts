/**
 * Writes batches of published books to segment files: `<folder>/YYYY-MM-DD/<time>-<epoch>-<nth>.arrow`. A new segment
 * begins each hour, each day, with each source, when the segment is full, and when the clock was set. A batch is one
 * write at the end of the file, so that a kill loses at most what was not written yet; a failed write ends its segment,
 * because nothing after a torn batch could be read. Invariant: no call waits for the disk on the thread that reads the
 * venue's messages.
 */
import { type FileHandle, mkdir, open as openFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PublishedBook } from "../../domain/order-book/book.ts";
import {
  dayFromMicros,
  isoFromMs,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  US_PER_MS,
} from "../../domain/time.ts";
import { createSegmentEncoder, type SegmentEncoder } from "../../wire/order-book/recorded-books.ts";

export type BatchAt = { readonly source: string; readonly nowMs: number };

export type BookSegmentWriter = {
  /** Rejects when not all of it was written. One at a time. */
  write(books: readonly PublishedBook[], at: BatchAt): Promise<void>;
  /** The next batch begins another segment; the present one is synced meanwhile. */
  end(): void;
  /** Ends the segment, and waits until everything written is on disk. */
  close(): Promise<void>;
};

type Open = {
  readonly path: string;
  readonly file: FileHandle;
  readonly encoder: SegmentEncoder;
  readonly source: string;
  readonly day: string;
  readonly sinceMs: number;
  /** Time of its last batch. */
  lastMs: number;
  bytes: number;
};

const SEGMENT_BYTES_MAX = 32 * 1_048_576;
/** If the clock is set forward by less than this and back again, at most this much is hidden. */
const JUMP_MS = 10 * MS_PER_MINUTE;
/** Most segments that are being synced; a batch that would open one more waits. */
const ENDING_MAX = 4;

export function createSegmentWriter(by: {
  readonly folder: string;
  readonly epoch: number;
}): BookSegmentWriter {
  let open: Open | null = null;
  let opened = 0;
  let ending = 0;
  // One after the other: waiting for the disk must not occupy every thread of the pool.
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

async function append(open: Open, books: readonly PublishedBook[], nowMs: number): Promise<void> {
  const bytes = open.encoder.encode(books);
  const { bytesWritten } = await open.file.write(bytes);
  if (bytesWritten < bytes.length) throw new Error("the disk took only a part of a batch");
  open.bytes += bytesWritten;
  open.lastMs = nowMs;
}

async function closeSegment({ path, file, bytes }: Open): Promise<void> {
  // The write has reported the error, or the next one will.
  await attempt(() => file.datasync());
  await attempt(() => file.close());
  // It contains no complete batch: each attempt on a full disk would leave such a file.
  if (bytes === 0) await attempt(() => rm(path, { force: true }));
}

async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch {
    // An error of a failed disk must not end the service.
  }
}

/**
 * Readers order segments by name. Books from before and after a change of the clock go into different segments, so that
 * a jump and its correction hide nothing behind segments that look newer. A long silence counts as a jump, too.
 */
function isOver(open: Open, { source, nowMs }: BatchAt): boolean {
  if (isJump(open.lastMs, nowMs)) return true;
  if (SEGMENT_BYTES_MAX <= open.bytes || MS_PER_HOUR <= nowMs - open.sinceMs) return true;
  return open.source !== source || open.day !== dayOf(nowMs);
}

export function isJump(fromMs: number, toMs: number): boolean {
  return toMs < fromMs || JUMP_MS < toMs - fromMs;
}

function dayOf(ms: number): string {
  return dayFromMicros(ms * US_PER_MS);
}
