/** Order books for tests: random valid ones, and the text that a venue would send for one. */
import * as fc from "fast-check";
import {
  type Book,
  createBook,
  DEPTH,
  type BookSide,
} from "../../../src/domain/order-book/book.ts";

/** Each level: ticks from the one before, and a size in lots. */
const levels = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5_000_000 })),
  { minLength: 1, maxLength: DEPTH },
);

export const books: fc.Arbitrary<Book> = fc
  .tuple(fc.integer({ min: 10_000, max: 8_000_000 }), levels, levels)
  .map(([midTicks, bids, asks]) => {
    const book = createBook();
    place(book.bids, bids, { midTicks, direction: -1 });
    place(book.asks, asks, { midTicks, direction: 1 });
    return book;
  });

function place(
  side: BookSide,
  from: readonly (readonly [number, number])[],
  { midTicks, direction }: { midTicks: number; direction: 1 | -1 },
): void {
  let ticks = midTicks;
  for (const [step, lots] of from) {
    ticks += direction * step;
    if (ticks <= 0) return;
    side.prices[side.count] = ticks / 100;
    side.sizes[side.count] = lots / 1_000;
    side.count += 1;
  }
}

export function pairsOf({ prices, sizes, count }: BookSide): [number, number][] {
  return Array.from({ length: count }, (_, at) => [prices[at]!, sizes[at]!]);
}

export function textsOf(side: BookSide): [string, string][] {
  return pairsOf(side).map(([price, size]) => [price.toFixed(2), size.toFixed(3)]);
}

/** As the venue writes it, on a combined stream. */
export function depthText(book: Book, about: { symbol?: string; lastId?: number } = {}): string {
  const { symbol = "BTCUSDT", lastId = 390_497_878 } = about;
  return JSON.stringify({
    stream: `${symbol.toLowerCase()}@depth20@100ms`,
    data: {
      e: "depthUpdate",
      E: 1_571_889_248_277,
      T: 1_571_889_248_276,
      s: symbol,
      U: lastId - 82,
      u: lastId,
      pu: lastId - 84,
      b: textsOf(book.bids),
      a: textsOf(book.asks),
    },
  });
}
