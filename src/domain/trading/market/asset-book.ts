/**
 * The order book of an asset as a trader knows it, and which books a strategy declares: `book` is that of each asset
 * that it wants to enter, `book.BTCUSDT` that of one.
 */
import { type Book, createBook, type BookSide } from "../../order-book/book.ts";
import { type BookFeatures, bookFeatures, walkBook } from "../../order-book/features.ts";

/** Levels as recorded: price and size alternating, best first. */
export type AssetBook = {
  readonly asOfMs: number;
  readonly bids: readonly number[];
  readonly asks: readonly number[];
};

/** What a strategy sees of a book. */
export type BookView = BookFeatures & {
  readonly asOfMs: number;
  /** Age at the present scan. */
  readonly ageMs: number;
  /**
   * What a market order of this many units would pay beyond the mid price, in bps; NaN for more than the book holds.
   */
  readonly slippageBps: (way: "buy" | "sell", size: number) => number;
};

/** The input that stands for the book of the asset that is entered. */
export const EACH_BOOK = "book";
const NAMED = `${EACH_BOOK}.`;

export function bookInput(asset: string): string {
  return NAMED + asset;
}

/** Null: not the book of one asset. */
export function assetOfInput(input: string): string | null {
  return input.startsWith(NAMED) ? input.slice(NAMED.length) : null;
}

/** The assets whose books these inputs declare; `each` for all, null for none. */
export function declaredBooks(inputs: readonly string[]): "each" | ReadonlySet<string> | null {
  if (inputs.includes(EACH_BOOK)) return "each";
  const assets = inputs.flatMap((input) => assetOfInput(input) ?? []);
  return assets.length === 0 ? null : new Set(assets);
}

export function bookOf({ bids, asks }: AssetBook): Book {
  const book = createBook(Math.max(bids.length, asks.length) / 2);
  fill(book.bids, bids);
  fill(book.asks, asks);
  return book;
}

export function levelsOf({ prices, sizes, count }: BookSide): number[] {
  const levels: number[] = [];
  for (let at = 0; at < count; at += 1) levels.push(prices[at]!, sizes[at]!);
  return levels;
}

export function bookViewOf(known: AssetBook, nowMs: number): BookView {
  const book = bookOf(known);
  return {
    ...bookFeatures(book),
    asOfMs: known.asOfMs,
    ageMs: nowMs - known.asOfMs,
    slippageBps(way, size) {
      const { isShort, slippageBps } = walkBook(book, way, size);
      return isShort ? Number.NaN : slippageBps;
    },
  };
}

function fill(side: BookSide, levels: readonly number[]): void {
  side.count = levels.length / 2;
  for (let at = 0; at < side.count; at += 1) {
    side.prices[at] = levels[2 * at]!;
    side.sizes[at] = levels[2 * at + 1]!;
  }
}
