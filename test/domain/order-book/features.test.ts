import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bookTrouble, createBook, type Book } from "../../../src/domain/order-book/book.ts";
import { bookFeatures, midPrice, walkBook } from "../../../src/domain/order-book/features.ts";
import { books, pairsOf } from "./books.ts";

describe("the features of a book", () => {
  test("are those that one works out by hand", () => {
    const book = bookOf([[100, 3]], [[101, 1]]);
    const features = bookFeatures(book);
    expect(features.spreadBps).toBeCloseTo(10_000 / 100.5, 9);
    // Three times as much wants to buy: the next trade is nearer to the ask.
    expect(features.microprice).toBe(100.75);
    expect([features.imbalance1, features.imbalance5, features.imbalance20]).toEqual([
      0.5, 0.5, 0.5,
    ]);
    expect(features.depthBps10Bid).toBe(0);
    expect(bookFeatures(bookOf([[100, 3]], [[100.01, 2]])).depthBps10Ask).toBeCloseTo(200.02, 9);
  });

  test("are as an independent reading of the levels has them", () => {
    fc.assert(
      fc.property(books, (book) => {
        const features = bookFeatures(book);
        const mid = midPrice(book);
        const [bids, asks] = [pairsOf(book.bids), pairsOf(book.asks)];
        for (const [found, n] of [
          [features.imbalance1, 1],
          [features.imbalance5, 5],
          [features.imbalance20, 20],
        ] as const) {
          expect(found).toBeCloseTo(balance(sum(bids.slice(0, n)), sum(asks.slice(0, n))), 9);
        }
        const near = bids.filter(([price]) => ((mid - price) / mid) * 10_000 <= 10);
        expect(features.depthBps10Bid).toBeCloseTo(
          sum(near, (price, size) => price * size),
          3,
        );
        const weigh = (price: number, size: number) =>
          size / (1 + (Math.abs(price - mid) / mid) * 10_000);
        expect(features.pressure).toBeCloseTo(balance(sum(bids, weigh), sum(asks, weigh)), 9);
        expect(features.microprice).toBeGreaterThanOrEqual(bids[0]![0]);
        expect(features.microprice).toBeLessThanOrEqual(asks[0]![0]);
      }),
    );
  });
});

describe("a walk of the book", () => {
  test("takes what is best first, and says when the book ends before the size", () => {
    const book = bookOf(
      [[99, 1]],
      [
        [101, 1],
        [102, 3],
      ],
    );
    expect(walkBook(book, "buy", 2)).toMatchObject({ filled: 2, averagePrice: 101.5 });
    expect(walkBook(book, "buy", 2).slippageBps).toBeCloseTo(150, 9);
    expect(walkBook(book, "sell", 5)).toMatchObject({ filled: 1, averagePrice: 99, isShort: true });
  });

  test("that the book has enough for fills the size to the last bit", () => {
    const sizes = Array.from({ length: 2_000 }, (_, at) => 0.1 + at * 0.000_37);
    for (const size of sizes) {
      const book = bookOf(
        [[99, 1]],
        [
          [101, 0.07],
          [102, 0.013],
          [103, 10],
        ],
      );
      expect(walkBook(book, "buy", size)).toMatchObject({ filled: size, isShort: false });
    }
  });

  test("never gets better with the size", () => {
    fc.assert(
      fc.property(
        books,
        fc.constantFrom("buy" as const, "sell" as const),
        fc.double({ min: 0.001, max: 50_000, noNaN: true }),
        (book, way, size) => {
          const [less, more] = [walkBook(book, way, size), walkBook(book, way, size * 2)];
          expect(less.slippageBps).toBeLessThanOrEqual(more.slippageBps + 1e-9);
          expect(less.filled).toBeLessThanOrEqual(size);
          expect(less.isShort).toBe(less.filled < size);
        },
      ),
    );
  });
});

describe("a book is refused", () => {
  test.each([
    ["no bids", bookOf([], [[2, 1]])],
    ["no asks", bookOf([[1, 1]], [])],
    ["crossed", bookOf([[2, 1]], [[2, 1]])],
    [
      "bids out of order",
      bookOf(
        [
          [1, 1],
          [1.5, 1],
        ],
        [[2, 1]],
      ),
    ],
    [
      "asks out of order",
      bookOf(
        [[1, 1]],
        [
          [3, 1],
          [3, 1],
        ],
      ),
    ],
    ["asks out of order", bookOf([[1, 1]], [[3, 0]])],
  ])("for %s", (trouble, book) => {
    expect(bookTrouble(book)).toBe(trouble);
  });
});

function bookOf(bids: [number, number][], asks: [number, number][]): Book {
  const book = createBook();
  for (const [side, levels] of [
    [book.bids, bids],
    [book.asks, asks],
  ] as const) {
    for (const [price, size] of levels) {
      side.prices[side.count] = price;
      side.sizes[side.count] = size;
      side.count += 1;
    }
  }
  return book;
}

function sum(levels: [number, number][], of = (_: number, size: number) => size): number {
  return levels.reduce((total, [price, size]) => total + of(price, size), 0);
}

function balance(bid: number, ask: number): number {
  return (bid - ask) / (bid + ask);
}
