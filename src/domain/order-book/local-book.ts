/**
 * A book maintained from changes, by Binance's documented rules for USD-M: changes are buffered until a snapshot
 * arrives, those before it are dropped, the first one applied must span it, and each later one must name the last
 * update id of the one before; otherwise the book starts over. Invariant: while `phase` is `synced` the book equals
 * the venue's as of `lastId`, as far as the snapshot reached.
 */
import { type Book, createBook, type BookSide } from "./book.ts";
import type { DepthMessage } from "./depth-message.ts";

export type LocalBook = {
  readonly book: Book;
  /** `waiting`: for a snapshot; `joining`: the snapshot is there, the change that spans it is not yet. */
  phase: "waiting" | "joining" | "synced";
  /** Last update id in the book. */
  lastId: number;
  asOfMs: number;
  readonly buffered: Change[];
  /** How many changes are buffered: while the snapshot is not due soon, only the newest. */
  bufferedMax: number;
};

type Change = Pick<DepthMessage, "firstId" | "lastId" | "previousId" | "asOfMs" | "book">;

/**
 * `gap`: changes are missing and a snapshot is needed; `old`: already in the book; `too_old`: the snapshot is older
 * than the buffered changes, and another is needed.
 */
export type ChangeOutcome = "buffered" | "old" | "applied" | "gap";
export type SnapshotOutcome = "joining" | "synced" | "gap" | "too_old" | "not_wanted";

const LEVELS_MAX = 5_000;
const BUFFERED_MAX = 1_000;

export function createLocalBook(levelsMax: number = LEVELS_MAX): LocalBook {
  const bufferedMax = BUFFERED_MAX;
  return {
    book: createBook(levelsMax),
    phase: "waiting",
    lastId: 0,
    asOfMs: 0,
    buffered: [],
    bufferedMax,
  };
}

/** Sets whether this book is next to get a snapshot: then all changes are buffered, else only the newest. */
export function holdAll(local: LocalBook, isNext: boolean): void {
  local.bufferedMax = isNext ? BUFFERED_MAX : 1;
  local.buffered.splice(0, local.buffered.length - local.bufferedMax);
}

/** The caller may reuse the change afterwards: buffered ones are copies. */
export function takeChange(local: LocalBook, change: Change): ChangeOutcome {
  switch (local.phase) {
    case "waiting":
      hold(local, change);
      return "buffered";
    case "joining":
      // The snapshot already contains it.
      if (change.lastId < local.lastId) return "old";
      return local.lastId < change.firstId ? begin(local, change) : apply(local, change);
    case "synced":
      if (change.lastId <= local.lastId) return "old";
      return change.previousId === local.lastId ? apply(local, change) : begin(local, change);
  }
}

/** Called when a connection is lost: everything known may be out of date. */
export function forget(local: LocalBook): void {
  local.phase = "waiting";
  local.buffered.length = 0;
}

export function takeSnapshot(
  local: LocalBook,
  snapshot: { readonly lastId: number; readonly asOfMs: number; readonly book: Book },
): SnapshotOutcome {
  if (local.phase !== "waiting") return "not_wanted";
  const [first] = local.buffered.filter(({ lastId }) => snapshot.lastId <= lastId);
  // The changes between the two are lost.
  if (first !== undefined && snapshot.lastId < first.firstId) return "too_old";
  copySide(local.book.bids, snapshot.book.bids);
  copySide(local.book.asks, snapshot.book.asks);
  local.lastId = snapshot.lastId;
  local.asOfMs = snapshot.asOfMs;
  local.phase = "joining";
  const buffered = local.buffered.splice(0);
  for (const [at, change] of buffered.entries()) {
    if (takeChange(local, change) !== "gap") continue;
    for (const later of buffered.slice(at + 1)) hold(local, later);
    return "gap";
  }
  return isSynced(local) ? "synced" : "joining";
}

export function isSynced({ phase }: LocalBook): boolean {
  return phase === "synced";
}

function begin(local: LocalBook, change: Change): "gap" {
  forget(local);
  hold(local, change);
  return "gap";
}

function hold(local: LocalBook, change: Change): void {
  const { firstId, lastId, previousId, asOfMs, book } = change;
  if (local.buffered.length === local.bufferedMax) local.buffered.shift();
  local.buffered.push({ firstId, lastId, previousId, asOfMs, book: copyOf(book) });
}

function apply(local: LocalBook, { book, lastId, asOfMs }: Change): "applied" {
  changeSide(local.book.bids, book.bids, -1);
  changeSide(local.book.asks, book.asks, 1);
  local.lastId = lastId;
  local.asOfMs = asOfMs;
  local.phase = "synced";
  return "applied";
}

function changeSide(side: BookSide, changes: BookSide, direction: 1 | -1): void {
  for (let at = 0; at < changes.count; at += 1) {
    setLevel(side, direction, [changes.prices[at]!, changes.sizes[at]!]);
  }
}

/** A size is absolute; 0 removes the level, and removing an unknown level is normal. */
function setLevel(
  side: BookSide,
  direction: 1 | -1,
  [price, size]: readonly [price: number, size: number],
): void {
  const { prices, sizes } = side;
  const at = placeOf(side, direction, price);
  const isThere = at < side.count && prices[at] === price;
  if (isThere && size > 0) {
    sizes[at] = size;
  } else if (isThere) {
    prices.copyWithin(at, at + 1, side.count);
    sizes.copyWithin(at, at + 1, side.count);
    side.count -= 1;
  } else if (size > 0 && at < prices.length) {
    // A full side drops its farthest level.
    side.count = Math.min(side.count + 1, prices.length);
    prices.copyWithin(at + 1, at, side.count - 1);
    sizes.copyWithin(at + 1, at, side.count - 1);
    prices[at] = price;
    sizes[at] = size;
  }
}

/** The first level that is not better than this price. */
function placeOf({ prices, count }: BookSide, direction: 1 | -1, price: number): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (0 < direction * (price - prices[middle]!)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function copySide(to: BookSide, from: BookSide): void {
  to.count = Math.min(from.count, to.prices.length);
  to.prices.set(from.prices.subarray(0, to.count));
  to.sizes.set(from.sizes.subarray(0, to.count));
}

function copyOf({ bids, asks }: Book): Book {
  return { bids: copyOfSide(bids), asks: copyOfSide(asks) };
}

function copyOfSide({ prices, sizes, count }: BookSide): BookSide {
  return { prices: prices.slice(0, count), sizes: sizes.slice(0, count), count };
}

/** Copies the best levels of a book into one that holds fewer. */
export function copyBook(to: Book, from: Book): void {
  copySide(to.bids, from.bids);
  copySide(to.asks, from.asks);
}
