/**
 * The books of all assets: parses each message, validates it, and computes the features. Refused messages are
 * counted, and no input of a venue can end the process. Invariant: within one connection an asset's book never goes
 * back, neither by update ids nor by time.
 */
import { type Book, bookTrouble, createBook, DEPTH } from "../../domain/order-book/book.ts";
import type { DepthMessage } from "../../domain/order-book/depth-message.ts";
import { type BookFeatures, bookFeatures } from "../../domain/order-book/features.ts";
import {
  copyBook,
  createLocalBook,
  forget,
  holdAll,
  isSynced,
  type LocalBook,
  takeChange,
  takeSnapshot,
} from "../../domain/order-book/local-book.ts";
import { createDepthReader, type DepthReader } from "../../wire/order-book/depth-message.ts";
import type { DepthSnapshot } from "../../wire/order-book/slow-depth.ts";

export type BoardBook = {
  readonly asset: string;
  readonly book: Book;
  asOfMs: number;
  receivedMs: number;
  /** As `receivedMs`, by the monotonic clock. */
  heardMs: number;
  features: BookFeatures;
  source: string;
  /** Whether it has changed since it was last published. */
  isFresh: boolean;
};

type Kept = BoardBook & {
  /** Last update id on its connection. */
  lastId: number;
  connection: number;
  /** When a message of it was last accepted, by the monotonic clock; a change that waits for a snapshot counts. */
  takenMs: number;
  readonly local: LocalBook | null;
};

export type BoardCounts = {
  messages: number;
  /** Not a message of a depth stream, or one beyond the limits. */
  garbage: number;
  /** For an asset that was not requested. */
  unasked: number;
  /** A duplicate, or older than the present book. */
  old: number;
  /** The update ids show that a message is missing. */
  gaps: number;
  /** Crossed, out of order, or without a side. */
  incoherent: number;
  /** With a time in the future. */
  ahead: number;
};

export type Moment = { readonly wallMs: number; readonly monotonicMs: number };

/** The connection over which a message came. */
export type Origin = { readonly connection: number; readonly source: string };

/** A larger lead is not a clock difference: accepted, the book would look fresh for as long. */
const AHEAD_MAX_MS = 5_000;
const CHANGE_LEVELS_MAX = 5_000;

export class BookBoard {
  readonly counts: BoardCounts = {
    messages: 0,
    garbage: 0,
    unasked: 0,
    old: 0,
    gaps: 0,
    incoherent: 0,
    ahead: 0,
  };
  /** What was wrong with the last refused message. */
  lastRefusal: string | null = null;
  readonly #assets: ReadonlyMap<string, Kept>;
  readonly #reader: DepthReader;
  readonly #scratch = createBook();

  constructor(assets: readonly string[], { isByChanges }: { readonly isByChanges: boolean }) {
    this.#assets = new Map(assets.map((asset) => [asset, newBook(asset, isByChanges)]));
    this.#reader = createDepthReader(isByChanges ? CHANGE_LEVELS_MAX : DEPTH);
  }

  /** Null: the message changed no book. */
  take(bytes: Uint8Array, now: Moment, origin: Origin): BoardBook | null {
    this.counts.messages += 1;
    const refusal = this.#reader.read(bytes);
    if (refusal !== null) return this.#refuse("garbage", refusal);
    const { message } = this.#reader;
    const kept = this.#assets.get(message.symbol);
    if (kept === undefined) return this.#refuse("unasked", `a book of ${message.symbol}`);
    if (AHEAD_MAX_MS < message.asOfMs - now.wallMs) {
      return this.#refuse("ahead", `a book of ${message.symbol} from a time that is not yet`);
    }
    // Taken while the clocks were ahead: until they have caught up every book would be older than it.
    if (AHEAD_MAX_MS < kept.asOfMs - now.wallMs) kept.asOfMs = message.asOfMs;
    if (kept.connection !== origin.connection) this.#moveTo(kept, message, origin);
    return kept.local === null
      ? this.#takeWhole(kept, { message, now, origin })
      : this.#takeChange(kept, kept.local, { message, now, origin });
  }

  /** Assets whose changes wait for a snapshot. */
  wanting(): readonly string[] {
    return [...this.#assets.values()].flatMap(({ asset, local }) =>
      local !== null && local.phase === "waiting" && 0 < local.buffered.length ? [asset] : [],
    );
  }

  /**
   * Only the assets whose snapshots are requested next buffer all changes: for all assets that would take too much
   * memory.
   */
  holdFor(next: readonly string[]): void {
    for (const { asset, local } of this.#assets.values()) {
      if (local !== null) holdAll(local, next.includes(asset));
    }
  }

  snapshot(asset: string, snapshot: DepthSnapshot, now: Moment): void {
    const kept = this.#assets.get(asset);
    if (kept === undefined || kept.local === null) return;
    if (takeSnapshot(kept.local, snapshot) === "gap") this.counts.gaps += 1;
    if (isSynced(kept.local)) this.#show(kept, { local: kept.local, now });
  }

  /** Age of each asset's book by the venue's time, measured on the monotonic clock; null: it has no book yet. */
  agesMs(nowMs: number): readonly (number | null)[] {
    return [...this.#assets.values()].map(({ asOfMs, receivedMs, heardMs }) =>
      receivedMs === 0 ? null : nowMs - heardMs + Math.max(0, receivedMs - asOfMs),
    );
  }

  /** How many of these assets had no accepted message since then, by the monotonic clock. */
  lacking(assets: readonly string[], sinceMs: number): number {
    const takenMs = (asset: string) => this.#assets.get(asset)?.takenMs ?? sinceMs;
    return assets.filter((asset) => takenMs(asset) < sinceMs).length;
  }

  /** Assets that have a book. */
  books(): readonly BoardBook[] {
    return [...this.#assets.values()].filter(({ receivedMs }) => 0 < receivedMs);
  }

  get size(): number {
    return this.#assets.size;
  }

  /** Another connection has its own ids and order: only messages newer than the present book are accepted. */
  #moveTo(kept: Kept, { asOfMs }: DepthMessage, { connection }: Origin): void {
    if (asOfMs < kept.asOfMs) return;
    kept.connection = connection;
    kept.lastId = -1;
    if (kept.local !== null) forget(kept.local);
  }

  #takeWhole(
    kept: Kept,
    { message, now, origin }: { message: DepthMessage; now: Moment; origin: Origin },
  ): BoardBook | null {
    const isOld = message.lastId <= kept.lastId || message.asOfMs < kept.asOfMs;
    if (isOld || kept.connection !== origin.connection) return this.#refuse("old", null);
    const trouble = bookTrouble(message.book);
    if (trouble !== null) return this.#refuse("incoherent", `${trouble} in ${message.symbol}`);
    if (0 <= kept.lastId && message.previousId !== kept.lastId) this.counts.gaps += 1;
    kept.lastId = message.lastId;
    kept.source = origin.source;
    copyBook(kept.book, message.book);
    return settle(kept, message.asOfMs, now);
  }

  #takeChange(
    kept: Kept,
    local: LocalBook,
    { message, now, origin }: { message: DepthMessage; now: Moment; origin: Origin },
  ): BoardBook | null {
    if (kept.connection !== origin.connection) return this.#refuse("old", null);
    kept.source = origin.source;
    const outcome = takeChange(local, message);
    if (outcome === "old") return this.#refuse("old", null);
    if (outcome === "gap") this.counts.gaps += 1;
    if (outcome === "buffered") kept.takenMs = now.monotonicMs;
    return outcome === "applied" ? this.#show(kept, { local, now }) : null;
  }

  #show(kept: Kept, { local, now }: { local: LocalBook; now: Moment }): BoardBook | null {
    copyBook(this.#scratch, local.book);
    const trouble = bookTrouble(this.#scratch);
    if (trouble !== null) {
      // The maintained book is wrong: it is rebuilt from a new snapshot.
      forget(local);
      return this.#refuse("incoherent", `${trouble} in ${kept.asset}`);
    }
    copyBook(kept.book, this.#scratch);
    return settle(kept, local.asOfMs, now);
  }

  #refuse(why: keyof BoardCounts, refusal: string | null): null {
    this.counts[why] += 1;
    if (refusal !== null) this.lastRefusal = refusal;
    return null;
  }
}

function settle(kept: Kept, asOfMs: number, now: Moment): BoardBook {
  kept.asOfMs = asOfMs;
  kept.receivedMs = now.wallMs;
  kept.heardMs = now.monotonicMs;
  kept.takenMs = now.monotonicMs;
  kept.features = bookFeatures(kept.book);
  kept.isFresh = true;
  return kept;
}

function newBook(asset: string, isByChanges: boolean): Kept {
  const book = createBook();
  return {
    asset,
    book,
    asOfMs: 0,
    receivedMs: 0,
    heardMs: 0,
    features: bookFeatures(book),
    source: "",
    isFresh: false,
    lastId: -1,
    connection: -1,
    takenMs: Number.NEGATIVE_INFINITY,
    local: isByChanges ? createLocalBook() : null,
  };
}
