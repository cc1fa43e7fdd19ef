/**
 * Records books in day files: copies each offered book into a batch, and a writer writes one batch after the other.
 * Invariant: memory is bounded whatever the disk does; books that find no free batch are counted as lost.
 */
import { messageOf } from "../../domain/failure.ts";
import { createBook, type PublishedBook } from "../../domain/order-book/book.ts";
import { copyBook } from "../../domain/order-book/local-book.ts";
import { createPruner, type KeptBooks } from "./prune-books.ts";
import { createSegmentWriter, isJump } from "./segment-writer.ts";

export type RecorderOptions = KeptBooks & {
  readonly epoch: number;
  /** Shortest time between two recorded books of an asset. */
  readonly everyMs: number;
};

export type BookRecorder = {
  /** Keeps a copy. */
  keep(offered: OfferedBook): void;
  /** Copies the book if this asset is due. `source`: a segment has one; another source begins a new segment. */
  offer(offered: OfferedBook): void;
  /** Writes what is due; called about once a second. It settles when nothing waits, and never rejects. */
  flush(nowMs: number): Promise<void>;
  /**
   * Deletes what is beyond the retention, and returns what was deleted; one run at a time. It never rejects: a failure
   * is in the state.
   */
  prune(nowMs: number): Promise<readonly string[]>;
  state(): RecorderState;
  /** Settles when everything is on disk. */
  close(): Promise<void>;
};

export type OfferedBook = PublishedBook & { readonly source: string };

export type RecorderState = {
  readonly recorded: number;
  /** Books that could not be written. */
  readonly lost: number;
  /** Why the last write or deletion failed; null: all is well. */
  readonly trouble: string | null;
};

type Kept = { -readonly [Field in keyof PublishedBook]: PublishedBook[Field] };
type Batch = { readonly books: readonly Kept[]; count: number; source: string; nowMs: number };

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const BATCH_MAX = 256;
/** All batches together, filled, waiting and being written: 4 MB. */
const BATCHES_MAX = 16;
const SLOW = "the disk is too slow";

export function createBookRecorder(options: RecorderOptions): BookRecorder {
  const lastMsOf = new Map<string, number>();
  const pause = createPause();
  const pruner = createPruner(options);
  const spares = createSpares();
  const tally: Tally = { recorded: 0, lost: 0, trouble: null };
  const writing = createWriting({ options, pause, pruner, spares, tally });
  let filling: Batch | null = null;
  const flush = (nowMs: number): Promise<void> => {
    const batch = filling;
    if (batch === null) return writing.settled();
    if (batch.count < BATCH_MAX && pause.isOn(nowMs)) return writing.settled();
    filling = null;
    batch.nowMs = nowMs;
    return writing.write(batch);
  };
  const keep = (offered: OfferedBook): void => {
    lastMsOf.set(offered.asset, offered.knownMs);
    const lastMs = filling?.books[filling.count - 1]?.knownMs ?? offered.knownMs;
    // A batch goes into one segment.
    if (
      filling !== null &&
      (filling.source !== offered.source || isJump(lastMs, offered.knownMs))
    ) {
      pause.end();
      void flush(lastMs);
    }
    filling ??= spares.take(offered.source);
    if (filling === null) {
      tally.lost += 1;
      tally.trouble = SLOW;
      return;
    }
    put(filling.books[filling.count]!, offered);
    filling.count += 1;
    if (filling.count === BATCH_MAX) void flush(offered.knownMs);
  };
  return {
    keep,
    flush,
    prune: (nowMs) => pruner.prune(nowMs),
    offer(offered) {
      if (isItsTurn(lastMsOf.get(offered.asset), offered.knownMs, options.everyMs)) keep(offered);
    },
    state: () => ({ ...tally, trouble: tally.trouble ?? pruner.trouble() }),
    async close() {
      pause.end();
      await flush(filling?.books[filling.count - 1]?.knownMs ?? 0);
      await writing.end();
    },
  };
}

type Tally = { -readonly [Field in keyof RecorderState]: RecorderState[Field] };

/** One batch after the other, each with its content at its turn. */
function createWriting(by: {
  readonly options: RecorderOptions;
  readonly pause: ReturnType<typeof createPause>;
  readonly pruner: ReturnType<typeof createPruner>;
  readonly spares: ReturnType<typeof createSpares>;
  readonly tally: Tally;
}) {
  const { pause, pruner, spares, tally } = by;
  const writer = createSegmentWriter(by.options);
  const waiting: Batch[] = [];
  let underWay: Promise<void> | null = null;
  const writeOne = async ({ books, count, source, nowMs }: Batch): Promise<void> => {
    if (pause.isOn(nowMs) || pruner.isFull(nowMs)) {
      writer.end();
      tally.lost += count;
      return;
    }
    try {
      await writer.write(books.slice(0, count), { nowMs, source });
      tally.recorded += count;
      tally.trouble = null;
      pause.end();
    } catch (error) {
      tally.lost += count;
      tally.trouble = messageOf(error);
      pause.begin(nowMs);
    }
  };
  const writeAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await writeOne(next);
      spares.giveBack(next);
    }
    underWay = null;
  };
  const settled = () => underWay ?? Promise.resolve();
  return {
    settled,
    write(batch: Batch): Promise<void> {
      waiting.push(batch);
      underWay ??= writeAll();
      return settled();
    },
    end: () => writer.close(),
  };
}

function createSpares() {
  const spare: Batch[] = [];
  let made = 0;
  return {
    /** Null: all batches are full and wait for the disk. */
    take(source: string): Batch | null {
      const found = spare.pop();
      if (found === undefined && made === BATCHES_MAX) return null;
      if (found === undefined) made += 1;
      const batch = found ?? createBatch();
      batch.count = 0;
      batch.source = source;
      return batch;
    },
    giveBack(batch: Batch): void {
      spare.push(batch);
    },
  };
}

function createBatch(): Batch {
  return { books: Array.from({ length: BATCH_MAX }, blank), count: 0, source: "", nowMs: 0 };
}

function isItsTurn(lastMs: number | undefined, nowMs: number, everyMs: number): boolean {
  const sinceMs = nowMs - (lastMs ?? Number.NEGATIVE_INFINITY);
  // A clock that was set back must not stop the recording.
  return sinceMs < 0 || everyMs <= sinceMs;
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

function blank(): Kept {
  return { asset: "", asOfMs: 0, receivedMs: 0, knownMs: 0, book: createBook() };
}

function put(to: Kept, from: OfferedBook): void {
  to.asset = from.asset;
  to.asOfMs = from.asOfMs;
  to.receivedMs = from.receivedMs;
  to.knownMs = from.knownMs;
  copyBook(to.book, from.book);
}
