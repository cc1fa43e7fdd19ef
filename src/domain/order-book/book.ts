/** An order book of one asset, as far as it is known: levels as columns, best first. */

/** The first `count` entries of each array are levels; prices fall for bids and rise for asks. */
export type BookSide = {
  readonly prices: Float64Array;
  readonly sizes: Float64Array;
  count: number;
};

export type Book = { readonly bids: BookSide; readonly asks: BookSide };

/** A book as received. */
export type KnownBook = {
  readonly asset: string;
  /** The venue's time of the book. */
  readonly asOfMs: number;
  /** When it was received, by our clock. */
  readonly receivedMs: number;
  readonly book: Book;
};

/** A book as published and recorded. */
export type PublishedBook = KnownBook & {
  /** When it was published, by our clock: before this only the streamer knew it. */
  readonly knownMs: number;
};

/** Levels a side of `depth20`. */
export const DEPTH = 20;

export function createBook(depth: number = DEPTH): Book {
  return { bids: createSide(depth), asks: createSide(depth) };
}

function createSide(depth: number): BookSide {
  return { prices: new Float64Array(depth), sizes: new Float64Array(depth), count: 0 };
}

/** What is wrong with it, in words; null: both sides exist, are in order, and do not cross. */
export function bookTrouble({ bids, asks }: Book): string | null {
  if (bids.count === 0) return "no bids";
  if (asks.count === 0) return "no asks";
  if (!isSide(bids, -1)) return "bids out of order";
  if (!isSide(asks, 1)) return "asks out of order";
  return bids.prices[0]! < asks.prices[0]! ? null : "crossed";
}

function isSide({ prices, sizes, count }: BookSide, direction: 1 | -1): boolean {
  for (let level = 0; level < count; level += 1) {
    if (!isAmount(prices[level]!) || !isAmount(sizes[level]!)) return false;
    if (0 < level && !(0 < direction * (prices[level]! - prices[level - 1]!))) return false;
  }
  return true;
}

/** Infinity is refused: the text of a book's log could not hold it. */
function isAmount(value: number): boolean {
  return value > 0 && value < Number.POSITIVE_INFINITY;
}
