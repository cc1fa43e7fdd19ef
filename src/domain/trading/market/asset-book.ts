/**
 * The order book of an asset as a trader knows it, and which books a strategy asks for: `book` is that of each asset
 * that it wants to enter, `book.BTCUSDT` that of one.
 */
import { type Book, createBook, type Side } from "../../order-book/book.ts";
import { type BookFeatures, bookFeatures, walkBook } from "../../order-book/features.ts";

/** Levels as they are recorded: a price and a size in turns, best first. */
export type AssetBook = {
  readonly asOfMs: number;
  readonly bids: readonly number[];
  readonly asks: readonly number[];
};

/** What a strategy sees of a book. */
export type BookView = BookFeatures & {
  readonly asOfMs: number;
  /** At the present scan. */
  readonly ageMs: number;
  /** What a market order of so many units would pay beyond the mid price; of what the book holds, NaN for more. */
  readonly slippageBps: (way: "buy" | "sell", size: number) => number;
};

/** The input that stands for the book of whatever is entered. */
export const EACH_BOOK = "book";
const NAMED = `${EACH_BOOK}.`;

export function bookInput(asset: string): string {
  return NAMED + asset;
}

/** Null: it is no book of one asset. */
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

export function levelsOf({ prices, sizes, count }: Side): number[] {
  const levels: number[] = [];
  for (let at = 0; at < count; at += 1) levels.push(prices[at]!, sizes[at]!);
  return levels;
}

export function viewOf(known: AssetBook, nowMs: number): BookView {
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

function fill(side: Side, levels: readonly number[]): void {
  side.count = levels.length / 2;
  for (let at = 0; at < side.count; at += 1) {
    side.prices[at] = levels[2 * at]!;
    side.sizes[at] = levels[2 * at + 1]!;
  }
}
