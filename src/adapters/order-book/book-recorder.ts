/**
 * Records books in day files: `<folder>/YYYY-MM-DD/<time>-<epoch>-<nth>.arrow`, one segment per process, and a new
 * one each hour, each day, and when it is full. A batch is one append, so that a kill loses at most what was not
 * written yet; a failed write ends its segment, because nothing after a torn batch could be read.
 */
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../domain/failure.ts";
import { type Book, createBook } from "../../domain/order-book/book.ts";
import { copyBook } from "../../domain/order-book/local-book.ts";
import { dayFromMicros, isoFromMs, MS_PER_HOUR, US_PER_MS } from "../../domain/time.ts";
import { createSegmentEncoder, type SegmentEncoder } from "../../wire/order-book/recorded-books.ts";
import { createPruner, type KeptBooks } from "./prune-books.ts";

export type RecorderOptions = KeptBooks & {
  readonly epoch: number;
  /** Shortest time between two recorded books of an asset. */
  readonly everyMs: number;
};

export type BookRecorder = {
  /** Copies the book if the asset is due. `source`: each segment has one, so another source starts a new segment. */
  offer(known: OfferedBook): void;
  /** Writes buffered books; called about once a second. */
  flush(nowMs: number): void;
  /**
   * Deletes what exceeds the retention and returns its names; one call at a time. It never rejects: an error shows in
   * the state.
   */
  prune(nowMs: number): Promise<readonly string[]>;
  state(): RecorderState;
  close(): void;
};

export type OfferedBook = {
  readonly asset: string;
  readonly asOfMs: number;
  readonly receivedMs: number;
  readonly book: Book;
  readonly source: string;
};

export type RecorderState = {
  readonly recorded: number;
  /** Books that could not be written. */
  readonly lost: number;
  /** Why the last write or deletion failed; null: all is well. */
  readonly trouble: string | null;
};

type Pending = { asset: string; asOfMs: number; receivedMs: number; readonly book: Book };
type Open = {
  readonly path: string;
  readonly fd: number;
  readonly encoder: SegmentEncoder;
  readonly day: string;
  readonly sinceMs: number;
  bytes: number;
};

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const BATCH_MAX = 256;
const SEGMENT_BYTES_MAX = 32 * 1_048_576;

export function createBookRecorder(options: RecorderOptions): BookRecorder {
  const { everyMs } = options;
  const pending = Array.from({ length: BATCH_MAX }, blank);
  const lastMs = new Map<string, number>();
  let count = 0;
  let source = "";
  let open: Open | null = null;
  let opened = 0;
  let recorded = 0;
  let lost = 0;
  let trouble: string | null = null;
  const pause = createPause();
  const pruner = createPruner(options);
  const end = () => {
    const ended = open;
    open = null;
    if (ended !== null) closeSegment(ended);
  };
  const flush = (nowMs: number): void => {
    const isWaiting = pause.isOn(nowMs);
    if (count === 0 || (isWaiting && count < BATCH_MAX)) return;
    const batch = pending.slice(0, count);
    count = 0;
    if (isWaiting || pruner.isFull(nowMs)) {
      lost += batch.length;
      end();
      return;
    }
    try {
      if (open !== null && isOver(open, nowMs)) end();
      open ??= openSegment(options, source, { nowMs, nth: (opened += 1) });
      append(open, batch);
      recorded += batch.length;
      trouble = null;
      pause.end();
    } catch (error) {
      lost += batch.length;
      trouble = messageOf(error);
      pause.begin(nowMs);
      end();
    }
  };
  /** Buffered books belong to this segment, or are dropped. */
  const finish = (nowMs: number): void => {
    pause.end();
    flush(nowMs);
    end();
  };
  return {
    flush,
    prune: (nowMs) => pruner.prune(nowMs),
    offer(known) {
      if (!isItsTurn(lastMs, known, everyMs)) return;
      if (known.source !== source) {
        finish(known.receivedMs);
        source = known.source;
      }
      put(pending[count]!, known);
      count += 1;
      if (count === BATCH_MAX) flush(known.receivedMs);
    },
    state: () => ({ recorded, lost, trouble: trouble ?? pruner.trouble() }),
    close() {
      finish(pending[Math.max(0, count - 1)]!.receivedMs);
    },
  };
}

function openSegment(
  { folder, epoch }: RecorderOptions,
  source: string,
  { nowMs, nth }: { readonly nowMs: number; readonly nth: number },
): Open {
  const day = dayOf(nowMs);
  mkdirSync(join(folder, day), { recursive: true, mode: 0o700 });
  const clock = isoFromMs(nowMs).slice(11, 23).replaceAll(/[:.]/g, "");
  const name = `${clock}-${String(epoch).padStart(6, "0")}-${String(nth).padStart(4, "0")}.arrow`;
  const path = join(folder, day, name);
  const fd = openSync(path, "wx", 0o600);
  return { path, fd, encoder: createSegmentEncoder(source), day, sinceMs: nowMs, bytes: 0 };
}

function append(open: Open, batch: readonly Pending[]): void {
  const bytes = open.encoder.encode(batch);
  const written = writeSync(open.fd, bytes);
  if (written < bytes.length) throw new Error("the disk took only a part of a batch");
  open.bytes += written;
}

function closeSegment({ path, fd, bytes }: Open): void {
  // The write has reported an error already, or the next one will.
  attempt(() => fdatasyncSync(fd));
  attempt(() => closeSync(fd));
  // It has no complete content: each attempt on a full disk would leave such a file.
  if (bytes === 0) attempt(() => rmSync(path, { force: true }));
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // Data lost by a failing disk must not stop the service.
  }
}

function isItsTurn(
  lastMs: Map<string, number>,
  { asset, receivedMs }: OfferedBook,
  everyMs: number,
): boolean {
  const sinceMs = receivedMs - (lastMs.get(asset) ?? Number.NEGATIVE_INFINITY);
  // A clock that was set back must not stop the recording.
  if (0 <= sinceMs && sinceMs < everyMs) return false;
  lastMs.set(asset, receivedMs);
  return true;
}

/** Back-off between attempts on a failing disk: doubled each time. */
function createPause() {
  let failures = 0;
  let failedMs = 0;
  return {
    isOn(nowMs: number): boolean {
      const sinceMs = nowMs - failedMs;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
      // A clock that was set back must not make it longer.
      return 0 < failures && 0 <= sinceMs && sinceMs < waitMs;
    },
    begin(nowMs: number): void {
      failures += 1;
      failedMs = nowMs;
    },
    end(): void {
      failures = 0;
    },
  };
}

function isOver({ day, sinceMs, bytes }: Open, nowMs: number): boolean {
  return SEGMENT_BYTES_MAX <= bytes || MS_PER_HOUR <= nowMs - sinceMs || day !== dayOf(nowMs);
}

function blank(): Pending {
  return { asset: "", asOfMs: 0, receivedMs: 0, book: createBook() };
}

function put(to: Pending, from: OfferedBook): void {
  to.asset = from.asset;
  to.asOfMs = from.asOfMs;
  to.receivedMs = from.receivedMs;
  copyBook(to.book, from.book);
}

function dayOf(ms: number): string {
  return dayFromMicros(ms * US_PER_MS);
}
